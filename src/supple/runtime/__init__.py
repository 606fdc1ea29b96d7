"""General tools, independent of chemistry: files, locks, progress, signals, threads, processes, compiled loops."""
