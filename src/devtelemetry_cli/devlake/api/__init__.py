"""DevLake's REST API: client, errors, retries and typed answers."""
