"""DevLake's REST API: requests with retries, decoded answers, and every error as one sentence."""
