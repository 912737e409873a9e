"""Delivery of reports, below send.py.

outbox            which days changed, and the bytes of their reports
ledger            delivery state per day and per endpoint
transitions       the next state of a day: decide, apply_response, count_failure
endpoint          one request to a report endpoint
responses         the meaning of an answer
erasures          pending erasure requests; erasure_requests sends them
retention         deletion of records after their time
"""
