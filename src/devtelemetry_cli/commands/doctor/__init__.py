"""`devtel doctor`: checks with findings and advice. Nothing is changed; the network is only read.

runner.py           the list of checks, and the loop that runs them
finding.py          one finding                     environment.py      the input of every check
path_checks.py      files, rights, disk space       settings_checks.py  settings and their sources
consent_checks.py   consent, pending erasures       record_checks.py    journals and ledgers
network_checks.py   proxy, certificates, endpoint   schedule_checks.py  the daily flush
clock_checks.py     dates in the future, clock skew makefile_checks.py  devtel.mk, start script
"""
