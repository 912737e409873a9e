"""The daily report: the one place that spells the wire's field names, between client and receiver.

The body is that of DevLake's `developer_telemetry` plugin (docs/report-endpoint.md). What the plugin does
not know stands beside its own fields under `metrics`; it ignores them, our receiver stores them.
Everything here is pure: values in, values out.

fields   what is sent and why, as the notice lists it        metrics  the values between aggregation and wire
encode   values -> the exact bytes                           read     a received body -> values
"""
