"""Descriptors: what the kernel compares."""

from supple.sgdml.descriptors.base import Descriptor as Descriptor
from supple.sgdml.descriptors.internal_coordinates import InternalCoordinates as InternalCoordinates
from supple.sgdml.descriptors.inverse_distances import InverseDistances as InverseDistances
