"""Plain and extended xyz."""
