"""One call of make, with each target's own time. Nothing is kept or sent, so it needs no consent.

hook     the few lines of make's language that note each recipe line as it starts, without a process
call     run make with the hook, and read the notes while it runs
profile  notes -> each target's own time, and the trace for Perfetto (pure)
"""
