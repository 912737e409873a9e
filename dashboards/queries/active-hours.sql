SELECT {week} AS time, SUM(active_hours) AS together, SUM(active_hours) * 1e0 / COUNT(DISTINCT person) AS each_developer
FROM ({reports}) AS reports
GROUP BY time
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY time
