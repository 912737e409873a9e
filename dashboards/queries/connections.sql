SELECT name AS __text, CONCAT(id) AS __value
FROM _tool_developer_telemetry_connections
ORDER BY name
