"""devtel: what Makefile targets cost, measured with consent and unnoticed by the build."""

__version__ = "0.1.0"
