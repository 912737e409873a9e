"""`devtel.mk`: its template, and writing it."""
