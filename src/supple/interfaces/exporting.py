"""Export a force field to a file that other programs read.

A new format is one file that defines an `ExportFormat` and one line here, or an entry point of the group `supple.exports` in
another package.
"""

from __future__ import annotations

from pathlib import Path

from supple.errors import ModelFileError, SettingsError
from supple.interfaces.export_format import ExportFormat
from supple.models.loading import load
from supple.runtime.output_files import require_writable
from supple.runtime.plugins import Registry

EXPORTS: Registry[ExportFormat] = Registry(
    "supple.exports",
    "export format",
    {
        "sgdml": "supple.interfaces.sgdml_package:SGDML_PACKAGE",
        "torch": "supple.interfaces.torch_export:TORCH_EXPORT",
        "aotinductor": "supple.interfaces.torch_export:AOTINDUCTOR",
        "metatomic": "supple.interfaces.metatomic:METATOMIC",
    },
)


def output_for(path: Path, to: str, out: Path | None = None) -> Path:
    """The file to write: `out`, or that of the model with the suffix of the format.

    Raises:
        SettingsError: the format does not exist.
    """
    return out or path.with_suffix(EXPORTS.get(to).suffix)


def export(path: Path, to: str, out: Path | None = None, units: str | None = None) -> tuple[Path, str]:
    """Write the force field of a model file in another format.

    Args:
        path: of the model file.
        to: the format, one of `EXPORTS`.
        out: the file to write or replace; the name of the model file with the suffix of the format when None.
        units: of the written file, where the format has a choice; those of the training data when None.

    Returns:
        The file that was written, and a description of it.

    Raises:
        SettingsError: the format does not exist, has fixed units, or needs a package that is not installed.
        ModelFileError: the format cannot hold this kind of force field.
        OutputError: the output is the model file, or cannot be written.
    """
    target = EXPORTS.get(to)
    out = output_for(path, to, out)
    require_writable(out, [path], overwrite=True)
    if units is not None and not target.has_units:
        raise SettingsError(f"The units of the format {to} are fixed ({target.description}): leave out --out-units.")
    potential = load(path)
    if target.kind not in (None, potential.kind):
        raise ModelFileError(
            f"{path} is a force field of kind {potential.kind}, but the format {to} can only store kind {target.kind}."
        )
    target.write(potential, out, units)
    return out, target.description
