"""From a received body to committed rows."""
