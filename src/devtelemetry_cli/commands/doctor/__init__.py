"""What is well and what is not, each finding with what to do. Nothing is changed, nothing but read-only calls is made.

examination  the checks as a list, and each of them run
finding      one finding                          scene      what the checks look at
folders      paths, rights, space                 effective  settings and where each comes from
agreement    consent, owed erasures               records    journals and ledgers
clock        days and answers of another time     network    proxy, certificates, the destination
probe        one GET, and what came of it         daily      whether anything flushes
makefile     devtel.mk and the start script       cost       what a wrapped run costs, measured now
"""
