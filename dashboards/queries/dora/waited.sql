WITH weeks AS ({target weeks})
SELECT week AS time, project_name AS metric, SUM(waited_seconds) / 3600.0 AS hours
FROM weeks
GROUP BY week, project_name
ORDER BY time, metric
