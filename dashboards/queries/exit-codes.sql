WITH chosen AS ({target rows})
SELECT project, target, {name} AS exit_code, SUM(times) AS runs, COUNT(DISTINCT person) AS developers
FROM chosen
CROSS JOIN {counts in exit_codes}
WHERE times > 0
GROUP BY project, target, exit_code
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY runs DESC, project, target, exit_code
