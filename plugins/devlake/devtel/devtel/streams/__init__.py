"""The streams of the plugin: one per table."""
