SELECT {name} AS project, COUNT(DISTINCT person) AS developers, COUNT(DISTINCT date) AS days
FROM ({reports}) AS reports
CROSS JOIN {each of project_context}
WHERE {chosen project of name}
GROUP BY project
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY developers DESC, days DESC, project
