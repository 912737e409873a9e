WITH weeks AS ({target weeks})
SELECT project_name, {series} AS target, SUM(runs) AS runs, SUM(failures) * 1e0 / NULLIF(SUM(runs), 0) AS failure_rate,
    SUM(waited_seconds) AS waited_seconds, MAX(p50_seconds) AS p50, MAX(p90_seconds) AS p90
FROM weeks
GROUP BY project_name, project, target
ORDER BY waited_seconds DESC, project_name, project, target
