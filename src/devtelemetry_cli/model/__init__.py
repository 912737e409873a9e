"""Values that client and server share. Pure: no input, no output, no clock."""
