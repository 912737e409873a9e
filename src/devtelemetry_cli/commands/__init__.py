"""What each command does: no click, no parsing of options."""
