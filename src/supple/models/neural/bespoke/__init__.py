"""Bespoke: an equivariant network made for one molecule, with weights for each symmetry class of atom."""
