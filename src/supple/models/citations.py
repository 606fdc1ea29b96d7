"""What to cite: the papers behind the methods, by key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """One paper."""

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


_ALL = (
    Citation(
        "chmiela2017",
        "S. Chmiela, A. Tkatchenko, H. E. Sauceda, I. Poltavsky, K. T. Schütt, K.-R. Müller",
        "Machine learning of accurate energy-conserving molecular force fields",
        "Sci. Adv. 3, e1603015",
        2017,
        "10.1126/sciadv.1603015",
        "gradient-domain machine learning",
    ),
    Citation(
        "chmiela2018",
        "S. Chmiela, H. E. Sauceda, K.-R. Müller, A. Tkatchenko",
        "Towards exact molecular dynamics simulations with machine-learned force fields",
        "Nat. Commun. 9, 3887",
        2018,
        "10.1038/s41467-018-06169-2",
        "sGDML",
    ),
    Citation(
        "schutt2017",
        "K. T. Schütt, P.-J. Kindermans, H. E. Sauceda, S. Chmiela, A. Tkatchenko, K.-R. Müller",
        "SchNet: A continuous-filter convolutional neural network for modeling quantum interactions",
        "Adv. Neural Inf. Process. Syst. 30",
        2017,
        "10.48550/arXiv.1706.08566",
        "SchNet",
    ),
    Citation(
        "schutt2018",
        "K. T. Schütt, H. E. Sauceda, P.-J. Kindermans, A. Tkatchenko, K.-R. Müller",
        "SchNet - A deep learning architecture for molecules and materials",
        "J. Chem. Phys. 148, 241722",
        2018,
        "10.1063/1.5019779",
        "SchNet with forces",
    ),
    Citation(
        "vassilev2021",
        "V. Vassilev-Galindo, G. Fonseca, I. Poltavsky, A. Tkatchenko",
        "Challenges for machine learning force fields in reproducing potential energy surfaces of flexible molecules",
        "J. Chem. Phys. 154, 094119",
        2021,
        "10.1063/5.0038516",
        "the study of flexible molecules that Supple starts from",
    ),
    Citation(
        "bannwarth2019",
        "C. Bannwarth, S. Ehlert, S. Grimme",
        "GFN2-xTB - An accurate and broadly parametrized self-consistent tight-binding quantum chemical method",
        "J. Chem. Theory Comput. 15, 1652",
        2019,
        "10.1021/acs.jctc.8b01176",
        "the reference method of the bundled data",
    ),
)
CITATIONS = {citation.key: citation for citation in _ALL}
