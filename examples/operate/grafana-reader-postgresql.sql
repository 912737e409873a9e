-- A user for Grafana that reads the columns of the dashboard's panels only. Run it connected to the
-- database. Replace PASSWORD.
-- Omit the last statement where the table is missing.
CREATE USER grafana_reader PASSWORD 'PASSWORD';
GRANT SELECT (id, name) ON _tool_developer_telemetry_connections TO grafana_reader;
GRANT SELECT (connection_id, developer_id, date, active_hours, tools_used, project_context, command_counts) ON _tool_developer_metrics TO grafana_reader;
GRANT SELECT (connection_id, developer_id, date, project, target, runs, failures, waited_seconds, durations, exit_codes) ON devtel_target_metrics TO grafana_reader;
