"""Gaussian's route section: the level of theory, and what kind of energy the forces are of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

#: A word of a route ends at a blank or comma outside of parentheses, which are not nested more than twice.
_WORD = re.compile(r"(?:[^\s,()]|\((?:[^()]|\([^()]*\))*\))+")
_NAME = re.compile(r"[^=(/]+")
#: Words that do not change the energy of a geometry: what is to be done, how the SCF converges, what is printed.
_NOT_THEORY = re.compile(
    r"""(?:f?p?opt|freq|force|geom|guess|scf|scfcyc|scfcon|optcyc|conver|pop|population|symmetry|symm|nosymm?|test|gfinput|gfprint
    |gfoldprint|density|output|nmr|irc|ircmax|scan|bomd|admp|trajectory|units|form|formcheck|fchk|maxdisk|sp|polar|volume
    |stable|name|temperature|pressure|scale|punch|prop|message|archive|rearchive|cphf|cpks|restart|raman|noraman|vcd
    |connectivity|genchk|check|checkpoint|tran|transformation|link|nonstd)$|iop$""",
    re.VERBOSE,
)
_EXCITED = {"td", "tda", "cis", "eomccsd", "eom-ccsd", "eom", "zindo", "tdhf", "tddft"}
_ROOT = re.compile(r"\bRoot\s*=\s*(\d+)", re.IGNORECASE)
_PURE_FUNCTIONS = {"5d", "6d", "7f", "10f"}
_OPTIONS = {
    "empiricaldispersion",
    "scrf",
    "integral",
    "int",
    "pseudo",
    "extrabasis",
    "densityfit",
    "denfit",
    "auto",
    "fit",
}
_CORRELATED = re.compile(r"mp[2-5]|ccs?d|qcisd|cis?d\b|bd\b|b2plyp|mpw2plyp|pbe0dh|pbeqidh|dsd|revdsd", re.IGNORECASE)
_COMPOUND = re.compile(r"(?:CBS-|ROCBS|G[1-4]|W1)", re.IGNORECASE)
_BASIS = re.compile(
    r"def2|(?:aug-|may-|jun-)?cc-p|[346]-\d|sto-|lanl|sdd|[qtds]z|midi|gen|cbsb|ug|chkbas|6-31", re.IGNORECASE
)
#: What older versions call a functional in their SCF.
_OLD_NAMES = {"B+HF-LYP": "B3LYP", "B+HF-PW91": "B3PW91", "PBE+HF-PBE": "PBE1PBE"}
#: Methods whose names begin with R or U by themselves.
_OWN_LETTER = ("rev", "rm1", "r2scan", "rscan", "uff")


@dataclass(frozen=True)
class Route:
    """What a route section says.

    Attributes:
        level: method and basis.
        options: further words that change the energy, such as dispersion, solvent and grid.
        excited: how an excited state is calculated, as `TD`, `TDA` ...; empty if none is.
        root: the excited state that forces are of.
        energy: the kind of energy that forces are of, as far as it is known: `excited`, `oniom`, `counterpoise`, `correlated`.
        compound: whether it is a compound model, such as G4, whose steps are at different levels.
        in_field: whether the molecule is in an electric field or among point charges.
    """

    level: str = ""
    options: tuple[str, ...] = ()
    excited: str = ""
    root: int = 1
    energy: str | None = None
    compound: bool = False
    in_field: bool = False

    def resolved(self, scf: str, basis: str) -> Route:
        """The route of the first step of a compound model: the level that the output says it is at.

        Args:
            scf: how the output calls the SCF, for instance `RB3LYP`.
            basis: as the output calls it.
        """
        if not _COMPOUND.match(self.level):
            return self
        method = scf.lstrip("RU")
        level = _level([_OLD_NAMES.get(method, method), *([basis] if basis else [])])
        return replace(self, level=level, options=(), compound=True)

    def theory(self, *, unrestricted_singlet: bool = False, state: int | None = None) -> str:
        """The level of theory; only that of a singlet with separate orbitals for each spin has a U before its name."""
        level = ("U" if unrestricted_singlet and self.level and self.energy != "oniom" else "") + self.level
        # TD-B3LYP/6-31G(d), but EOMCCSD/6-31G(d)
        joint = "-" if self.excited.startswith("TD") else "/"
        method = f"{self.excited}{joint}{level}" if self.excited else level
        return " ".join((method, *self.options)).strip() + ("" if state is None else f", state {state}")


def parse_route(text: str) -> Route:
    """The content of a route section, whose long lines Gaussian breaks within words."""
    joined = re.sub(r"\s*([=/])\s*", r"\1", re.sub(r"\n ?", "", text))
    words = _WORD.findall(re.sub(r"#(?:[PNTpnt](?=\s|$))?", " ", joined))
    level: list[str] = []
    route = Route()
    for word in words:
        found = _NAME.match(word)
        name = found.group().strip().lower() if found else ""
        if name in _EXCITED:
            root = _ROOT.search(word)
            route = replace(route, excited=name.upper(), energy="excited", root=int(root.group(1)) if root else 1)
        elif name in ("field", "charge"):
            route = replace(route, in_field=True)
        elif name == "counterpoise":
            route = replace(route, energy="counterpoise", options=(*route.options, word))
        elif name == "oniom":
            route = replace(route, energy="oniom")
            level.append(word)
        elif (_NOT_THEORY.match(name) and not word.lower().startswith("iop(3/")) or word.lower() == "scrf=check":
            continue
        elif name in _OPTIONS | _PURE_FUNCTIONS or name == "iop" or "=" in word.partition("(")[0]:
            route = replace(route, options=(*route.options, word))
        else:
            level.append(word)
    route = replace(route, level=_level(level))
    if route.energy is None and _CORRELATED.match(route.level):
        route = replace(route, energy="correlated")
    return route


def continued(route: Route, before: Route) -> Route:
    """The route of a job that Gaussian made of the one before: it repeats method and basis, but not the options."""
    method, _, basis = route.level.casefold().partition("/")
    method_before, _, basis_before = before.level.casefold().partition("/")
    same = method == method_before and (basis == basis_before or not before.compound)
    return replace(before, in_field=before.in_field or route.in_field) if same else route


def _level(words: list[str]) -> str:
    """Method and basis, in one spelling."""
    if len(words) == 2 and _BASIS.match(words[0]) and not _BASIS.match(words[1]):
        words = words[::-1]  # Gaussian takes them in any order
    level = "/".join(words)
    method, slash, basis = level.partition("/")
    lower = method.lower()
    if lower.startswith(("ro", "oniom")):
        pass
    elif lower[:1] in ("r", "u") and not lower.startswith(_OWN_LETTER):
        method = method[1:]
    return method + slash + basis.replace("**", "(d,p)").replace("*", "(d)")
