"""Citations: the papers behind models, methods and data. Those of a model are listed in its settings class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """One paper.

    Attributes:
        key: of the BibTeX entry.
        why: what the paper is cited for.
    """

    key: str
    authors: str
    title: str
    journal: str
    year: int
    doi: str
    why: str

    def __str__(self) -> str:
        return f"{self.authors}, {self.journal} ({self.year}), doi {self.doi} - {self.why}"

    def bibtex(self) -> str:
        """The paper as a BibTeX entry."""
        fields = {
            "author": self.authors.replace(", ", " and "),
            "title": "{" + self.title + "}",
            "journal": self.journal,
            "year": str(self.year),
            "doi": self.doi,
        }
        rows = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@article{{{self.key},\n{rows}\n}}"


BANNWARTH = Citation(
    "bannwarth2019",
    "C. Bannwarth, S. Ehlert, S. Grimme",
    "GFN2-xTB - An accurate and broadly parametrized self-consistent tight-binding quantum chemical method",
    "J. Chem. Theory Comput. 15, 1652",
    2019,
    "10.1021/acs.jctc.8b01176",
    "GFN2-xTB, the reference method of the bundled data",
)
#: Papers that do not belong to a single model.
SHARED_CITATIONS = (
    Citation(
        "vassilev2021",
        "V. Vassilev-Galindo, G. Fonseca, I. Poltavsky, A. Tkatchenko",
        "Challenges for machine learning force fields in reproducing potential energy surfaces of flexible molecules",
        "J. Chem. Phys. 154, 094119",
        2021,
        "10.1063/5.0038516",
        "the study of flexible molecules that Supple starts from",
    ),
    BANNWARTH,
)
