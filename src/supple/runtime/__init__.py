"""What every program needs, whatever it computes: files, progress, signals, threads, processes, compiled loops."""
