WITH chosen AS ({persons weeks}),
totals AS (
    SELECT project, target, COUNT(DISTINCT person) AS developers, SUM(runs) AS runs,
        SUM(waited_seconds) AS waited_seconds, SUM(failures) * 1e0 / NULLIF(SUM(runs), 0) AS failure_rate,
        COUNT(DISTINCT CASE WHEN timed > 0 THEN person END) AS timed_developers
    FROM chosen
    GROUP BY project, target
    HAVING COUNT(DISTINCT person) >= ${k}
),
buckets AS (
    SELECT project, target, CAST(name AS DECIMAL(4)) AS i, SUM({times in durations}) AS runs
    FROM ({rows per target}) AS rows_per_target
    CROSS JOIN {counts in durations}
    GROUP BY project, target, i
),
ranked AS (
    SELECT project, target, i, SUM(runs) OVER (PARTITION BY project, target ORDER BY i) AS seen,
        SUM(runs) OVER (PARTITION BY project, target) AS total
    FROM buckets
),
quantiles AS (
    SELECT project, target, MIN(CASE WHEN seen * 100 >= total * 50 THEN i END) AS i50,
        MIN(CASE WHEN seen * 100 >= total * 90 THEN i END) AS i90
    FROM ranked
    WHERE total > 0
    GROUP BY project, target
)
SELECT project, target, developers, runs, waited_seconds, failure_rate,
    CASE WHEN timed_developers >= ${k} THEN {middle of i50} END AS p50,
    CASE WHEN timed_developers >= ${k} THEN {middle of i90} END AS p90
FROM totals
LEFT JOIN quantiles USING (project, target)
ORDER BY waited_seconds DESC, project, target
