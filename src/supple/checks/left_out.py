"""Files that were left out when the data were read, because the user asked for it."""

from __future__ import annotations

from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding


def _unreadable(context: CheckContext) -> list[Finding]:
    """`unreadable`: files of a folder or pattern were left out."""
    return [
        Finding("unreadable", "warning", note.removesuffix("."), "repeat these calculations, or remove the files")
        for note in context.dataset.source.notes
    ]


UNREADABLE = Check(("unreadable",), _unreadable, before_training=False)
