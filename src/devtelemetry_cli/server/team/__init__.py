"""The team's pages: the cost of targets for groups of at least k developers, never for a single one.

rows of reports -> counters -> publishing (groups of at least k developers) -> cells -> statistics -> pages

counters      totals of a group's runs: numbers that are added and subtracted           (pure)
suppression   which groups may be shown separately, and which only together             (pure)
unpublished   rows that are not, or only partly, in a cell
grouping      unpublished rows -> groups that are large enough for a cell               (pure)
breakdown     a cell's exit codes and checkouts                                         (pure)
machines      a week's runs by kind of machine                                          (pure)
publishing    rows -> cells, so that no two states of a cell differ by fewer than k developers
publisher     the thread that publishes while reports come in
cells         published cells read back; cell_cache keeps them decoded
profile       developers who report in a week, their versions, and how many reports wait
statistics    cells -> the figures of every page; overview and detail those of one      (pure)
previous      the period before the chosen weeks; comparison: the last whole week       (pure)
events        weeks before and after an event; digest: a week in short                  (pure)
exposition    a digest for Prometheus
adoption      profiles -> the figures of the adoption page                              (pure)
charts        figures -> SVG; weekly, stacks and runs_charts: which; trend: in a row    (pure)
pages         figures -> HTML; tiles: the figures at the top; target_rows: the table
rows          cells -> rows of JSON and CSV                                             (pure)

Viewers see cells only. docs/team-pages.md has the rule and its limits.
"""
