"""The range of one option. The command line shows it in its help, so this module imports nothing."""

#: Fewest geometries from which a method can be learned.
FEWEST_LABELS = 50
