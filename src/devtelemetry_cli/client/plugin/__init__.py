"""The plug-in for GNU make: devtel.c is its source.

build     compile it with the machine's own compiler, and keep it up to date
trial     load it into a make for trial: only makes that passed load it later
approval  which makes it is approved for, kept in a file; what GNUmakefile reads of it
"""
