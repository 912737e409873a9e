SELECT DISTINCT project_name AS __text, project_name AS __value
FROM project_mapping
WHERE {table column} = 'cicd_scopes' AND row_id LIKE 'devtel:Project:%'
ORDER BY project_name
