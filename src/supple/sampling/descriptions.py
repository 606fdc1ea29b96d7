"""What each setting of a recipe means: one text for `Recipe` and for the command line, which must not wait for pydantic."""

MOLECULE = "A bundled name (azobenzene, glycine), SMILES, or a file of geometries."
METHOD = "Method of the labels: GFN2-xTB (if left out), GFN1-xTB, pyscf:PBE/def2-SVP, or module:function."
DRIVE = "Another method, usually cheaper, for dynamics and relaxations; that of the labels if left out."
CHARGE = "Total charge of the molecule; 0 if left out."
MULTIPLICITY = "Spin multiplicity of the molecule; 1, a singlet, if left out."
SEED = "Seed of all random numbers; 0 if left out."
