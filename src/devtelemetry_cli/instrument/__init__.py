"""Rewriting chosen targets of a Makefile into the indirection, and back. Text in, text out: nothing is read or run.

reading.py     a text -> its logical lines, as make tells them apart
knowledge.py   what these say together: variables, rules, who wants whom
refusals.py    why a target or a whole file is left alone
rewriting.py   a rule -> the indirection and the implementation below it
undoing.py     and back, byte for byte
"""
