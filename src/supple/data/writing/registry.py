"""The registry of writers: the name of a format -> its `FileFormat`.

A new format is a file beside this one and a line below; a package adds one by an entry point of the group
`supple.writers`, see docs/files.md.
"""

from __future__ import annotations

from supple.data.writing.file_format import FileFormat
from supple.runtime.plugins import Registry

#: Of formats that share a suffix, the first is written unless the user names another.
WRITERS: Registry[FileFormat] = Registry(
    "supple.writers",
    "format to write",
    {
        "extxyz": "supple.data.writing.extxyz:EXTXYZ",
        "sgdml": "supple.data.writing.sgdml:SGDML",
        "rmd17": "supple.data.writing.rmd17:RMD17",
        "ase": "supple.data.writing.ase_database:ASE",
        "schnetpack": "supple.data.writing.schnetpack:SCHNETPACK",
        "spice": "supple.data.writing.spice:SPICE",
    },
)
