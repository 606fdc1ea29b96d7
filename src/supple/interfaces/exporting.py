"""What a force field can be exported to: a new program is one line here and one function that writes its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from supple.errors import ModelFileError, SettingsError
from supple.models.loading import load
from supple.models.potential import Potential


@dataclass(frozen=True)
class Target:
    """A kind of file that other programs read.

    Attributes:
        writer: module:name of the function that writes it.
        suffix: of the file.
        what: it is, in words.
        kind: of the force fields that it can hold; any when None.
        own_units: whether it is written in units that can be chosen.
    """

    writer: str
    suffix: str
    what: str
    kind: str | None = None
    own_units: bool = False

    def write(self, potential: Potential, path: Path, units: str | None) -> None:
        """Write the file."""
        module, _, name = self.writer.partition(":")
        writer: Callable[..., None] = getattr(import_module(module), name)
        writer(potential, path, *([units] if self.own_units else []))


TARGETS = {
    "sgdml": Target(
        "supple.models.sgdml.sgdml_package:save_sgdml_model", ".npz", "a model of the sGDML package", kind="sgdml", own_units=True
    ),
    "torch": Target("supple.interfaces.torch_export:save_torch", ".pt2", "a package of torch.export, eV and Å"),
    "aotinductor": Target(
        "supple.interfaces.torch_export:save_aotinductor", ".aoti.pt2",
        "a package of AOTInductor, compiled for this machine's processor, eV and Å",
    ),
    "metatomic": Target("supple.interfaces.metatomic:save_metatomic", ".pt", "a model for metatomic's engines, eV and Å"),
}  # fmt: skip


def export(path: Path, to: str, out: Path | None = None, units: str | None = None) -> tuple[Path, str]:
    """Write the force field of a model file for another program; the file, and what it is.

    Args:
        path: of the model file.
        to: one of `TARGETS`.
        out: the file to write; the model's name with the target's suffix when None.
        units: to write in; of sGDML's models alone, those of the training data's file when None.

    Raises:
        SettingsError: there is no such target, it has units of its own, or what it needs is not installed.
        ModelFileError: the force field is of a kind that cannot be exported so.
    """
    if to not in TARGETS:
        raise SettingsError(f"'{to}' is not a program to export to: choose {', '.join(TARGETS)}.")
    target = TARGETS[to]
    out = out or path.with_suffix(target.suffix)
    if out.exists() and path.exists() and out.samefile(path):
        raise SettingsError(f"{out} is the force field itself: choose another name with --out.")
    if units is not None and not target.own_units:
        raise SettingsError(f"Units cannot be chosen for {to}: it is {target.what}.")
    potential = load(path)
    if target.kind not in (None, potential.kind):
        raise ModelFileError(
            f"{path} is a {potential.kind} force field, and {target.what} holds those of kind {target.kind} alone."
        )
    target.write(potential, out, units)
    return out, target.what
