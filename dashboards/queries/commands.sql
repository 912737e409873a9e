SELECT {name} AS command, SUM(times) AS runs, COUNT(DISTINCT person) AS developers
FROM ({reports}) AS reports
CROSS JOIN {counts in command_counts}
WHERE times > 0
GROUP BY command
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY runs DESC, command
LIMIT 50
