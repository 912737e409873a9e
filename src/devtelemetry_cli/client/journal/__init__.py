"""The client's only record of runs: one appended line per start and per end, in the file of the local day.

writer       append a record (every wrapped run: few imports)
reader       the records of a day, with damage counted (their fields: model.records)
dropped      how many records could not be written
liveness     whether a run without an end is still running
machine_key  the random key of this machine, and the keys of its agreements that reports carry
"""
