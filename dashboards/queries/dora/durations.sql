WITH weeks AS ({target weeks}),
busiest AS ({busiest targets})
SELECT week AS time, {series} AS metric, MAX({percentile}) AS seconds
FROM weeks
JOIN busiest USING (project_name, project, target)
GROUP BY week, project_name, project, target
ORDER BY time, metric
