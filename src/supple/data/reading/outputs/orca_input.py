"""The input that ORCA repeats at the beginning of its output: the level of theory of each job."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_LINE = re.compile(r"^\|\s*\d+>(.*)$", re.MULTILINE)
_COMMENT = re.compile(r"#[^#\n]*(?:#|$)")
_COORDINATES = re.compile(r"\*\s*(?:xyz|xyzfile|int|internal|gzmt|gzmtfile|pdbfile)\s+(-?\d+)\s+(\d+)", re.IGNORECASE)
_BLOCK = re.compile(r"%\s*(\w+)(.*)", re.IGNORECASE)
_FIELD = re.compile(r"%\s*pointcharges|\bEField\b", re.IGNORECASE)

#: Keywords that do not change the energy of a geometry: what is to be done, how the SCF converges, what is printed.
_NOT_THEORY = re.compile(
    r"""(?:(?:Very)?(?:Tight|Loose|Normal)?C?Opt(?:TS|H)?|(?:L|Scan|Crude)-?Opt|(?:Tight|Loose)?ScanTS|(?:An|Num)?Freq|EnGrad|NumGrad|NumHess|AnHess|SP|Energy|MD
    |IRC|(?:Fast-|ZOOM-|Tight-|Loose-)?NEB(?:-TS|-CI|-IDPP)?|GOAT\S*|PRINTTHERMOCHEM|PropertiesOnly|Cluster|L?-?CI-?OPT
    |MORead|(?:No)?AutoStart|(?:No)?Iter|(?:PModel|HCore|Hueckel|PAtom)
    |(?:Sloppy|Loose|Normal|Strong|Tight|VeryTight|Extreme|Medium)SCF|(?:Very)?(?:Slow|Easy|Normal)Conv|(?:No)?(?:K?DIIS|SOSCF|TRAH|NRSCF|AHSCF|Damp|LShift|CNVDIIS)
    |SCFConv\w*|Conv|Direct|(?:No)?KeepInts|(?:No)?KeepDens|(?:No)?KeepFock|(?:No)?CheapInts|PAL\d+|nprocs\d+|Bohrs|Angs
    |(?:Normal|Mini|Small|Large)Print|(?:No)?Print\w*|(?:No)?XYZFile|PDBFile|AllPop|(?:No)?(?:Re)?(?:Mulliken|Loewdin|Mayer|Hirshfeld|NPA|NBO|AIM|UNO|UCO|ReducedPOP)
    |CHELPG\S*|(?:No)?MULPOP|NMR|(?:No)?UseSym|(?:Small|No|Mini)?PrintMOs|NoPop|Allowrhf|Rescue|unittestmode)$""",
    re.IGNORECASE | re.VERBOSE,
)
#: Blocks of the input whose content is part of the level of theory.
_BLOCKS_OF_THEORY = {"method", "basis", "cpcm", "cosmo", "rel", "xtb", "mp2", "casscf"}


@dataclass(frozen=True)
class OrcaJob:
    """What the input says about one job.

    Attributes:
        theory: the keywords, and the content of the blocks, that make the level of theory; empty if there are none.
        charge: of the molecule; None if it is not clear.
        multiplicity: of the molecule; None if it is not clear.
        in_field: whether the molecule is in an electric field or among point charges.
    """

    theory: str = ""
    charge: int | None = None
    multiplicity: int | None = None
    in_field: bool = False


def jobs_of(repeated_input: str) -> list[OrcaJob]:
    """The jobs of an input, in their order: `$new_job` separates them, and what a job does not state is as before.

    Args:
        repeated_input: the lines `|  1> ! PBE def2-SVP` and so on.
    """
    jobs: list[OrcaJob] = []
    lines: list[str] = []
    for line in [*_LINE.findall(repeated_input), "$new_job"]:
        text = _COMMENT.sub(" ", line).strip()
        if not text.lower().startswith("$new_job"):
            lines.append(text)
            continue
        jobs.append(_job(lines, jobs[-1] if jobs else OrcaJob()))
        lines = []
    return jobs


def _job(lines: list[str], before: OrcaJob) -> OrcaJob:
    words = [word for line in lines if line.startswith("!") for word in line.replace("!", " ").split()]
    theory = " ".join([word for word in words if not _NOT_THEORY.match(word)] + _blocks(lines))
    job = replace(before, theory=theory or before.theory)
    for line in lines:
        if match := _COORDINATES.match(line):
            job = replace(job, charge=int(match.group(1)), multiplicity=int(match.group(2)))
    return replace(job, in_field=before.in_field or any(_FIELD.search(line) for line in lines))


def _blocks(lines: list[str]) -> list[str]:
    """The blocks that belong to the level of theory, each in one line."""
    blocks: list[list[str]] = []
    inside = False
    for line in lines:
        if match := _BLOCK.match(line):
            inside = match.group(1).lower() in _BLOCKS_OF_THEORY
            if inside:
                blocks.append([f"%{match.group(1).lower()}", *match.group(2).split()])
        elif line.startswith(("!", "*", "$")):
            inside = False
        elif inside:
            blocks[-1] += line.split()
    return [" ".join(word for word in block if word.lower() != "end") for block in blocks]
