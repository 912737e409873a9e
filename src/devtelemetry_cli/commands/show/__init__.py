"""`devtel show`: what leaves this machine for a day, byte for byte. Nothing here changes anything.

whom     the destination that is meant, and why there may be nothing to show
told     a day -> the bytes that will be or were sent, and what became of them
past     what was told before, when, to whom, and the answer, from the ledger
explain  a body -> each field with its value and its meaning      (pure)
"""
