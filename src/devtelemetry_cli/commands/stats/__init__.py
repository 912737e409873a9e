"""`devtel stats`: what one's own builds cost, from one's own journal. Nothing here reaches the network or writes.

lines         a journal file -> records, some hundred thousand a second
sums          the records of a day -> sums per target
side_by_side  many files at once
journals      which journals are one's own, and the sums of their days
figures       sums -> what is shown: quantiles, weeks, the trend      (pure)
chart, page   the figures for a reader, with the chart                (pure)
"""
