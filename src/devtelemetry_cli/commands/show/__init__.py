"""`devtel show`: the bytes that leave this machine for a day. Read-only.

destination_choice.py   the consent decision whose reports are shown, or the reason why there are none
day.py                  a day -> the bytes that will be or were sent, and their state
history.py              earlier reports with time, destination and answer, from the ledger
explain.py              a body -> each field with its value and its meaning      (pure)
"""
