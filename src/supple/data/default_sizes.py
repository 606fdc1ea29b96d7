"""Numbers of frames that a training takes if the user does not say otherwise; here because the command line names them in its help."""

from __future__ import annotations

TRAIN, VALID = 200, 100
