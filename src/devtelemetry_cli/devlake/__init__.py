"""DevLake automation and monitoring: a pure plan, apart from the calls that carry it out.

To be read in the order `access` (where, and with which key), `api` (one request and its faults), `calls` (what is
read), `plan` (what is to be written), `carry_out` (writing it); then `watch`, `run` and `connect` stand on their own.
"""
