WITH weeks AS ({target weeks})
SELECT week AS time, project_name AS metric, SUM(failures) * 1e0 / NULLIF(SUM(runs), 0) AS failure_rate
FROM weeks
GROUP BY week, project_name
ORDER BY time, metric
