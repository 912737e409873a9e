"""`devtel devlake`: commands, options and output."""
