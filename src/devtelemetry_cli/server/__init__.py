"""`devtel serve`: the report endpoint, compatible with DevLake's plugin, and the team's pages.

The way of a report: main (workers) -> protocol -> middleware -> app -> api/routes -> api/reports -> ingest/writer ->
ingest/batch -> ingest/decode -> db/reports -> db/database. Beside it: auth, sessions, retention, metrics, and team/,
which publishes groups of developers. Clients: docs/report-endpoint.md; operators: docs/operators.md.
"""
