"""`devtel devlake`: options, commands and output."""
