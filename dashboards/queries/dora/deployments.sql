SELECT week AS time, project_name AS metric, COUNT(DISTINCT deployment) AS deployments
FROM (
    SELECT m.project_name AS project_name, d.cicd_deployment_id AS deployment, {week of finished_date} AS week
    FROM cicd_deployment_commits AS d
    JOIN project_mapping AS m ON m.{table column} = 'cicd_scopes' AND m.row_id = d.cicd_scope_id
    WHERE $__timeFilter(finished_date) AND {chosen project of project_name}
        AND d.result = 'SUCCESS' AND d.environment = 'PRODUCTION'
) AS finished
GROUP BY week, project_name
ORDER BY time, metric
