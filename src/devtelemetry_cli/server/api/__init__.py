"""The HTTP interface: routes and their handlers."""
