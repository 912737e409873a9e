-- A user for Grafana that reads the columns of the dashboard's panels only. Replace lake and PASSWORD.
-- Omit the last statement where the table is missing.
CREATE USER 'grafana_reader'@'%' IDENTIFIED BY 'PASSWORD';
GRANT SELECT (id, name) ON lake._tool_developer_telemetry_connections TO 'grafana_reader'@'%';
GRANT SELECT (connection_id, developer_id, date, active_hours, tools_used, project_context, command_counts) ON lake._tool_developer_metrics TO 'grafana_reader'@'%';
GRANT SELECT (connection_id, developer_id, date, project, target, runs, failures, waited_seconds, durations, exit_codes) ON lake.devtel_target_metrics TO 'grafana_reader'@'%';
