"""DevLake automation and monitoring: a pure plan, apart from the requests that carry it out.

Reading order: `credentials` (address and key), `api` (one request and its errors, lists and pages), `sync` (options,
plan, execution), then `discover`, `run`, `connect` and `monitor`, which are independent of each other.
"""
