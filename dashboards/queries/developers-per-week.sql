SELECT {week} AS time, COUNT(DISTINCT person) AS developers
FROM ({reports}) AS reports
GROUP BY time
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY time
