"""Papers behind more than one network."""

from __future__ import annotations

from supple.models.citations import Citation

SCHNET = Citation(
    "schutt2018",
    "K. T. Schütt, H. E. Sauceda, P.-J. Kindermans, A. Tkatchenko, K.-R. Müller",
    "SchNet - A deep learning architecture for molecules and materials",
    "J. Chem. Phys. 148, 241722",
    2018,
    "10.1063/1.5019779",
    "SchNet with forces",
)
SOAP = Citation(
    "vyas2024",
    "N. Vyas, D. Morwani, R. Zhao, M. Kwun, I. Shapira, D. Brandfonbrener, L. Janson, S. Kakade",
    "SOAP: Improving and stabilizing Shampoo using Adam",
    "arXiv:2409.11321",
    2024,
    "10.48550/arXiv.2409.11321",
    "the optimiser of the networks",
)
