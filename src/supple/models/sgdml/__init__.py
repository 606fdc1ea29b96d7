"""sGDML: a kernel force field, exact and direct."""
