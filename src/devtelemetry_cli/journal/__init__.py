"""The client's only record of runs: one appended line per start and per end, in the file of the local day.

write    append a record (on the way of every wrapped run: as little as possible is imported)
read     the records of a day, with what is damaged counted
hosts    the random key that stands for this machine
"""
