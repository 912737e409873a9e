"""The client's only record of runs: one appended line per start and per end, in the file of the local day.

write    append a record (on the way of every wrapped run: as little as possible is imported)
records  what a record says, as values
read     the records of a day, with what is damaged counted
dropped  how many records could not be kept
liveness whether a run without an end goes on
hosts    the random key that stands for this machine
"""
