"""A daily flush by whatever starts things daily on this machine.

job      what is run: the command's own path, the settings it needs, a time of its own for each machine
crontab  a marked line in the user's crontab    systemd  a timer of the user's systemd
plan     which of them: install, remove, what is in place
"""
