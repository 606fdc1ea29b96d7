"""The papers behind one force field: those of its kind of model, and of its baseline if it has one."""

from __future__ import annotations

from supple.models.citations import BANNWARTH, Citation
from supple.models.potential import Potential
from supple.models.registry import settings_class
from supple.models.sums.difference_potential import DifferencePotential
from supple.models.sums.method_potential import MethodPotential

_DIFFERENCE = Citation(
    "ramakrishnan2015",
    "R. Ramakrishnan, P. O. Dral, M. Rupp, O. A. von Lilienfeld",
    "Big data meets quantum chemistry approximations: The Δ-machine learning approach",
    "J. Chem. Theory Comput. 11, 2087",
    2015,
    "10.1021/acs.jctc.5b00099",
    "learning the difference to a baseline",
)
#: By the name of a method, or what is before its colon.
_METHODS = {
    "GFN2-xTB": BANNWARTH,
    "GFN1-xTB": Citation(
        "grimme2017",
        "S. Grimme, C. Bannwarth, P. Shushkov",
        "A robust and accurate tight-binding quantum chemical method for structures, vibrational frequencies, and noncovalent "
        "interactions of large molecular systems parametrized for all spd-block elements (Z = 1-86)",
        "J. Chem. Theory Comput. 13, 1989",
        2017,
        "10.1021/acs.jctc.7b00118",
        "GFN1-xTB",
    ),
    "pyscf": Citation(
        "sun2020",
        "Q. Sun, X. Zhang, S. Banerjee, P. Bao, M. Barbry, N. S. Blunt, N. A. Bogdanov, G. H. Booth, others",
        "Recent developments in the PySCF program package",
        "J. Chem. Phys. 153, 024109",
        2020,
        "10.1063/5.0006074",
        "PySCF",
    ),
}


def model_citations(potential: Potential) -> tuple[Citation, ...]:
    """The papers to cite for a force field, each once; methods whose papers are not known are left to the user."""
    if isinstance(potential, MethodPotential):
        known = _METHODS.get(potential.level.name.partition(":")[0])
        return () if known is None else (known,)
    if isinstance(potential, DifferencePotential):
        parts = *model_citations(potential.model), _DIFFERENCE, *model_citations(potential.baseline)
        return tuple(dict.fromkeys(parts))
    return settings_class(potential.model_kind).citations
