SELECT {name} AS tool, COUNT(DISTINCT person) AS developers, COUNT(DISTINCT date) AS days
FROM ({reports}) AS reports
CROSS JOIN {each of tools_used}
GROUP BY tool
HAVING COUNT(DISTINCT person) >= ${k}
ORDER BY developers DESC, days DESC, tool
