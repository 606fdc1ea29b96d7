"""Starting geometries: of a bundled name, a file or SMILES."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supple.data import bundled
from supple.errors import DataError, SettingsError, SuppleError
from supple.runtime.files import plain
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from jaxtyping import Float

_FOLDER = bundled.FOLDER / "geometries"
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]()=#$/\\%.:*]+")


def bundled_molecules() -> list[str]:
    """The names of the bundled geometries."""
    return sorted(path.stem for path in _FOLDER.glob("*.xyz"))


def starting_geometry(molecule: str, seed: int = 0) -> Atoms:
    """A geometry of a molecule.

    Args:
        molecule: a bundled name, a file of geometries (its first frame), or SMILES.
        seed: of the conformer that is generated from SMILES.

    Returns:
        The molecule; one from SMILES has its `formal_charge` in `info`.

    Raises:
        DataError: a file cannot be read.
        SettingsError: it is none of the three, or it is SMILES and RDKit is not installed.
    """
    from ase import Atoms

    path = Path(molecule)
    if molecule in bundled_molecules():
        path = _FOLDER / f"{molecule}.xyz"
    if path.is_file():
        return _from_file(path)
    if path.suffix and path.suffix.lower() in (".xyz", ".extxyz", ".mol", ".sdf", ".pdb", ".gz", ".npz"):
        raise DataError(f"There is no file {molecule}.")
    if not _SMILES.fullmatch(molecule):
        raise SettingsError(_unknown(molecule))
    numbers, positions, charge = _from_smiles(molecule, seed)
    return Atoms(numbers, positions, info={"formal_charge": charge})


def smiles_conformers(smiles: str, count: int, seed: int = 0) -> list[Float[np.ndarray, "N 3"]]:
    """Conformers that RDKit proposes for SMILES, in Å and in the order of atoms of `starting_geometry`; perhaps fewer than `count`.

    Raises:
        SettingsError: it is not SMILES, or RDKit is not installed.
    """
    with extra("smiles", "RDKit", f"{_unknown(smiles)} Reading SMILES"):
        from rdkit.Chem import rdDistGeom
    molecule = _molecule_of(smiles)
    rdDistGeom.EmbedMultipleConfs(molecule, count, randomSeed=seed % 2**31)
    return [conformer.GetPositions() for conformer in molecule.GetConformers()]


def short_name(molecule: str) -> str:
    """A molecule in the names of segments: a file without its folder and suffixes, anything else as it is."""
    if not Path(molecule).is_file():
        return molecule
    stem = Path(molecule).name.removesuffix(".gz")
    return stem.rsplit(".", 1)[0] or stem


def name_for_files(molecule: str) -> str:
    """A molecule in the names of files."""
    return plain(short_name(molecule))


def _from_file(path: Path) -> Atoms:
    from ase import Atoms
    from ase.io import read as ase_read

    from supple.data.reading import read

    try:
        data = read(path, labels=False)
        return Atoms(data.numbers, data.positions[0])
    except SuppleError as refused:
        try:
            first: Any = ase_read(path, index=0)
        except Exception:  # ASE's readers raise anything
            raise refused from None
    return Atoms(first.numbers, first.positions)


def _from_smiles(smiles: str, seed: int) -> tuple[list[int], list[list[float]], int]:
    with extra("smiles", "RDKit", f"{_unknown(smiles)} Reading SMILES"):
        from rdkit import Chem
        from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
    molecule = _molecule_of(smiles)
    if rdDistGeom.EmbedMolecule(molecule, randomSeed=seed % 2**31) != 0:
        raise SettingsError(f"RDKit finds no geometry for '{smiles}': give a file with a geometry instead.")
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        rdForceFieldHelpers.MMFFOptimizeMolecule(molecule, maxIters=2000)
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    return numbers, molecule.GetConformer().GetPositions().tolist(), Chem.GetFormalCharge(molecule)


def _molecule_of(smiles: str) -> Any:
    """RDKit's molecule, with hydrogen atoms."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise SettingsError(_unknown(smiles))
    return Chem.AddHs(molecule)


def _unknown(molecule: str) -> str:
    return (
        f"'{molecule}' is neither a file, nor SMILES, nor one of the bundled molecules "
        f"({', '.join(bundled_molecules())})."
    )
