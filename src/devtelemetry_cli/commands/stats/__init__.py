"""`devtel stats`: the cost of one's own builds, from one's own journals. Read-only and offline.

journals.py          the journals that belong to the current folder, and the sums of their days
aggregate_exact.py   the records of a day -> sums per target
parallel.py          many files in several processes
statistics.py        sums -> quantiles, weeks, trend                    (pure)
render.py            statistics -> lines of text, with a sparkline.py   (pure)
page.py              statistics -> an HTML page with charts             (pure)
"""
