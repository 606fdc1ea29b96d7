"""Moving geometries about: scans, constraints, paths and normal modes over anything that gives energies and forces."""
