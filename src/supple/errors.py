"""The errors that a user can cause.

Each message is one sentence that says what is wrong, where (file, line, frame), and what to do. The command line
prints it and exits with code 2; it never shows a stack trace for one of these.
"""


class SuppleError(Exception):
    """Anything that the user can mend. Catch this one to catch them all."""


class DataError(SuppleError):
    """A file of geometries that cannot be read, or whose content is not sound."""


class UnitsError(DataError):
    """Units that are unknown, missing or contradictory."""


class SplitError(SuppleError):
    """A split into training, validation and test frames that the data do not allow."""


class ModelFileError(SuppleError):
    """A file that is not a model, is damaged, or comes from another version."""


class MoleculeError(SuppleError):
    """Geometries of another molecule, or in another atom order, than the force field's."""


class SettingsError(SuppleError):
    """Settings that do not exist, do not fit together, or differ from those of the run to be resumed."""


class ResourceError(SuppleError):
    """A computation that needs more memory than the machine has."""
