SELECT project, target, exit_code, SUM(runs) AS runs, COUNT(DISTINCT person) AS developers
FROM (
    SELECT person, project, target, {name} AS exit_code, SUM({times in exit_codes}) AS runs
    FROM ({rows per target}) AS rows_per_target
    CROSS JOIN {counts in exit_codes}
    GROUP BY person, project, target, exit_code
) AS ended
WHERE runs > 0
GROUP BY project, target, exit_code
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY runs DESC, project, target, exit_code
