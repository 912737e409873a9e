WITH chosen AS ({persons weeks}),
busiest AS ({busiest targets})
SELECT week AS time, {series} AS metric, SUM(waited_seconds) AS waited_seconds
FROM chosen
JOIN busiest USING (project, target)
GROUP BY week, project, target
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY time, metric
