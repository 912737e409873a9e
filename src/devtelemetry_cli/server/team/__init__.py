"""The team's pages: what targets cost everybody together, never what one person did.

rows of reports -> measures -> publishing (groups of at least k developers) -> cells -> figures -> pages

measures      what a group's runs amount to: numbers that are added and subtracted      (pure)
folding       which groups may be told apart, and which are told together              (pure)
pending       rows of which something is not shown yet
waiting       which of them are enough for a cell together                             (pure)
breakdown     how a cell's runs ended, and on which checkouts                          (pure)
publishing    rows -> cells, so that no two states of a cell differ by fewer than k developers
publisher     the thread that publishes while reports come in
cells         published cells read back
figures       cells -> what a page shows                                              (pure)
charts        figures -> SVG                                                          (pure)
pages         figures -> HTML
answers       cells -> rows of JSON and CSV                                            (pure)

Whoever looks sees cells only: what is not in one is in no answer. docs/team-pages.md has the rule and its limits.
"""
