"""The bespoke network in compiled loops: sweeps forward and in reverse, and the gradient by all weights."""
