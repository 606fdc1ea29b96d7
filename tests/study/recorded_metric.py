"""What sGDML might have recorded about its metric for glycine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Family, kind, atoms, number of equivalent entries, share.
_FOUND = (
    ("1 bond around each atom", "angles", "C2-N1-H7", 2, 0.6),
    ("1 bond around each atom", "bonds", "H7-N1", 2, 0.2796),
    ("1 bond around each atom", "bonds", "N1-C2", 1, 0.12),
    ("1 bond around each atom", "1-3 distances", "N1-C3", 1, 0.0004),
    ("whole molecule", "1-5 distances", "H7-O4", 2, 0.45),
    ("whole molecule", "dihedrals", "H7-N1-C2-H9", 4, 0.25),
    ("whole molecule", "1-5 distances", "H7-O5", 2, 0.15),
    ("whole molecule", "angles", "C2-N1-H7", 2, 0.1),
    ("whole molecule", "bonds", "H7-N1", 2, 0.05),
)


def contributions() -> list[dict[str, Any]]:
    """As result.json has them."""
    names = ("family", "kind", "atoms", "count", "share")
    return [dict(zip(names, one, strict=True)) | {"weight": 0.5} for one in _FOUND]


def record(out: Path, cell: str, content: object) -> None:
    """Let a training in the folder of a study have recorded these contributions."""
    file = out / "cells" / cell / "result.json"
    result = json.loads(file.read_text())
    result["settings"]["contributions"] = content
    file.write_text(json.dumps(result))
