"""Molecular dynamics with a force field, watched by guards."""

from supple.simulation.dynamics.driver import run as run
from supple.simulation.dynamics.result import Outcome as Outcome
from supple.simulation.dynamics.result import sentences as sentences
from supple.simulation.dynamics.settings import DynamicsSettings as DynamicsSettings
