"""Error bars: how unlike the training frames a geometry is, and what error that means."""
