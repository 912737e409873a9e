"""`devtel serve`: the report endpoint, as DevLake's plugin has it, and erasure (docs/report-endpoint.md).

A report's way: server -> door -> app -> access -> decode -> reports -> writer -> database, its tables in tables.
Beside it: connections (who may report), answers (what a client reads).
"""
