"""Molecular dynamics with a force field, watched by guards."""

from supple.dynamics.outcome import Outcome as Outcome
from supple.dynamics.outcome import sentences as sentences
from supple.dynamics.run import run as run
from supple.dynamics.settings import DynamicsSettings as DynamicsSettings
