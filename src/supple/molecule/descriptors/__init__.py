"""Descriptors: the functions of the geometry that a kernel compares."""

from supple.molecule.descriptors.base import Descriptor as Descriptor
from supple.molecule.descriptors.internal_coordinates import InternalCoordinates as InternalCoordinates
from supple.molecule.descriptors.inverse_distances import InverseDistances as InverseDistances
