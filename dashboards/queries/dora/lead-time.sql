WITH merged AS (
    SELECT project_name, {week of pr_merged_date} AS week, pr_cycle_time AS minutes
    FROM project_pr_metrics
    WHERE $__timeFilter(pr_merged_date) AND pr_cycle_time IS NOT NULL AND {chosen project of project_name}
),
ranked AS (
    SELECT project_name, week, minutes,
        ROW_NUMBER() OVER (PARTITION BY project_name, week ORDER BY minutes) AS place,
        COUNT(*) OVER (PARTITION BY project_name, week) AS total
    FROM merged
)
SELECT week AS time, project_name AS metric, MIN(minutes) / 60.0 AS hours
FROM ranked
WHERE place * 2 >= total
GROUP BY week, project_name
ORDER BY time, metric
