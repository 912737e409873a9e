"""A daily flush, started by a scheduler of this machine.

job.py         the command line, its environment, and a random time of day
backends.py    the choice of a scheduler: install, remove, find
crontab.py     a marked line in the user's crontab
systemd.py     a timer of the user's systemd
launchd.py     an agent of a macOS user
background.py  a flush after a recorded run, for machines without a scheduler
"""
