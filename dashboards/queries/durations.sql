WITH chosen AS ({persons weeks}),
busiest AS ({busiest targets}),
enough AS (
    SELECT week, project, target
    FROM chosen
    JOIN busiest USING (project, target)
    WHERE timed > 0
    GROUP BY week, project, target
    HAVING COUNT(DISTINCT person) >= ${k}
),
buckets AS (
    SELECT week, project, target, CAST(name AS DECIMAL(4)) AS i, SUM({times in durations}) AS runs
    FROM ({rows per target}) AS rows_per_target
    JOIN enough USING (week, project, target)
    CROSS JOIN {counts in durations}
    GROUP BY week, project, target, i
),
ranked AS (
    SELECT week, project, target, i, SUM(runs) OVER (PARTITION BY week, project, target ORDER BY i) AS seen,
        SUM(runs) OVER (PARTITION BY week, project, target) AS total
    FROM buckets
),
quantiles AS (
    SELECT week, project, target, MIN(i) AS i
    FROM ranked
    WHERE total > 0 AND seen * 100 >= total * {percent}
    GROUP BY week, project, target
)
SELECT week AS time, {series} AS metric, {middle of i} AS seconds
FROM quantiles
ORDER BY time, metric
