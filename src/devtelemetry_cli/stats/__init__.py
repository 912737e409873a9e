"""`devtel stats`: what one's own builds cost, from one's own journal. Nothing here reaches the network or writes.

lines     a journal file -> records, some hundred thousand lines a second
sums      the records of a day -> sums per target
journals  which journals are one's own, and the sums of their days
figures   sums -> what is shown: quantiles, weeks, the trend          (pure)
words     durations, shares and the chart, for a reader               (pure)
"""
