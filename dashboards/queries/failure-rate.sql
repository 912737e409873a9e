WITH chosen AS ({persons weeks}),
busiest AS ({busiest targets})
SELECT week AS time, {series} AS metric, SUM(failures) * 1e0 / NULLIF(SUM(runs), 0) AS failure_rate
FROM chosen
JOIN busiest USING (project, target)
GROUP BY week, project, target
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY time, metric
