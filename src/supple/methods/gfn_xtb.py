"""GFN1-xTB and GFN2-xTB: extended tight binding by tblite.

Grimme, Bannwarth and Shushkov, J. Chem. Theory Comput. 13, 1989 (2017), doi 10.1021/acs.jctc.7b00118; Bannwarth, Ehlert and Grimme,
J. Chem. Theory Comput. 15, 1652 (2019), doi 10.1021/acs.jctc.8b01176.
"""

from __future__ import annotations

from supple.errors import SettingsError
from supple.methods import Method
from supple.runtime.optional_dependencies import extra

#: tblite's accuracy; ten times tighter than its default, so that forces are derivatives to four digits.
_ACCURACY = 0.1


def gfn1(level: str) -> Method:
    """GFN1-xTB, which has no levels."""
    return _gfn("GFN1-xTB", level)


def gfn2(level: str) -> Method:
    """GFN2-xTB, which has no levels."""
    return _gfn("GFN2-xTB", level)


def _gfn(name: str, level: str) -> Method:
    if level:
        raise SettingsError(f"'{name}:{level}' is not a method: write {name}.")
    with extra("sample", "tblite", name):
        from tblite.ase import TBLite

    return Method(
        name,
        "tblite",
        lambda charge, multiplicity: TBLite(
            method=name, charge=charge, multiplicity=multiplicity, accuracy=_ACCURACY, verbosity=0
        ),
    )
