SELECT {name} AS __text, {hash of name} AS __value
FROM ({reports}) AS reports
CROSS JOIN {each of project_context}
WHERE name <> ''
GROUP BY __text, __value
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY __text
