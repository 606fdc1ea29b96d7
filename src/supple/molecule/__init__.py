"""What is known of a molecule from its atoms and geometries alone: bonds, torsions, symmetry, descriptors."""
