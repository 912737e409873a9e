SELECT command, SUM(runs) AS runs, COUNT(DISTINCT person) AS developers
FROM (
    SELECT person, {name} AS command, SUM({times in command_counts}) AS runs
    FROM ({reports}) AS reports
    CROSS JOIN {counts in command_counts}
    GROUP BY person, command
) AS used
WHERE runs > 0
GROUP BY command
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY runs DESC, command
LIMIT 50
