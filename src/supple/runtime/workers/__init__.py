"""Work handed to processes on this machine, on a cluster with Slurm, or to the workers of any Dask scheduler."""
