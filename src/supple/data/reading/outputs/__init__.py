"""Outputs of programs: each frame is one geometry with the energy and forces that were calculated at it."""
