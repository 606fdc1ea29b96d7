"""Outputs of quantum-chemistry programs, recognised by their content, and files of ASE.

The energy is the one that the forces are the derivative of: a free energy, where a program that smears electrons over
levels gives one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from supple.data.reading.frames import Frame, combine_frames
from supple.data.reading.open_file import open_binary
from supple.data.reading.outputs.ase_outputs import frames_by_ase
from supple.data.reading.outputs.cclib_outputs import frames_by_cclib
from supple.data.reading.outputs.programs import HEAD, Program, program_of
from supple.data.reading.outputs.raw_tables import require_whole_tables
from supple.data.reading.raw_frames import RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError


def load(path: Path, request: ReadRequest) -> RawFrames:
    """Read all frames.

    Raises:
        DataError: the format is unknown, the output is damaged, or no frame has forces.
        SettingsError: names of quantities were given.
    """
    with open_binary(path) as file:
        content = file.read()
    program = program_of(content[:HEAD])
    request.keys.require_none(path.name, f"an output of {program.name}" if program else "a file that ASE reads")
    if program is None:
        return combine_frames(frames_by_ase(path, None), path.name, request, convention=Units())
    frames = _frames(path, program, content)
    unconverged = program.unconverged_frames(content, len(frames))
    if unconverged is None:
        error = DataError(
            f"{path.name} reports a calculation that did not converge, but not clearly which: repeat it, or leave the "
            "file out."
        )
        request.defects.report("not-converged", error)
    for k in unconverged or []:
        frames[k] = replace(frames[k], problem="not-converged")
    theory = program.level_of_theory(content[:HEAD])
    about = {**({"theory": theory} if theory else {}), **program.state(content, path.name)}
    return combine_frames(frames, path.name, request, known=Units(), about=about)


def _frames(path: Path, program: Program, content: bytes) -> list[Frame]:
    require_whole_tables(path.name, program, content)
    if program.reader == "cclib":
        frames = frames_by_cclib(path.name, program, content)
    elif program.reader.startswith("ase:"):
        frames = frames_by_ase(path, program)
    else:
        module, _, function = program.reader.partition(":")
        own_reader: Callable[[bytes, str], list[Frame]] = getattr(import_module(module), function)
        frames = own_reader(content, path.name)
    return frames
