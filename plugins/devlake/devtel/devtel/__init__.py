"""A DevLake plugin that collects the weekly figures that a devtel server publishes."""
