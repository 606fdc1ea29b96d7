"""Properties of a molecule that follow from its atoms and geometries: bonds, torsions, symmetry, descriptors."""
