"""What every program needs, whatever it computes: files, locks, progress, signals, threads, processes, compiled loops."""
