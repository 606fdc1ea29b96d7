"""Tasks run by processes on this machine, on a cluster with Slurm, or by the workers of any Dask scheduler."""
