"""What each setting of a recipe means: one text for `Recipe` and for the command line, which must not wait for pydantic."""

MOLECULE = "A bundled name (azobenzene, glycine), SMILES, or a file of geometries."
METHOD = (
    "Method of the labels: GFN2-xTB (default), GFN1-xTB, pyscf:PBE/def2-SVP, psi4:PBE0/def2-SVP, orca:..., template:FILE.yaml, or "
    "module:function (docs/methods.md)."
)
DRIVE = "Another method, usually cheaper, for dynamics and relaxations (default: that of the labels)."
CHARGE = "Total charge of the molecule (default: 0)."
MULTIPLICITY = "Spin multiplicity of the molecule (default: 1, a singlet)."
SEED = "Seed of all random numbers (default: 0)."
