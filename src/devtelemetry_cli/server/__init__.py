"""`devtel serve`: the report endpoint, as DevLake's plugin has it, and what a team needs to run it.

A report's way: server (workers) -> protocol -> door -> app -> routes -> report_routes -> writer -> intake -> decode
-> reports -> database. Beside it: access (who may what), connections and connection_routes, reading, csv_export and
reading_routes, health_routes and metrics, retention. Below: engines (how a database is reached), tables, schema
and migrations (how they come to be), locks between processes. Clients: docs/report-endpoint.md; operators:
docs/operators.md.
"""
