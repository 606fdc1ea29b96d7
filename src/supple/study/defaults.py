"""Defaults of a study. The command line shows them in its help, so this module imports nothing."""

#: Kinds of models.
MODELS = ("sgdml", "schnet")
#: Numbers of training frames.
SIZES = (200, 400, 600, 800, 1000)
#: Seeds of splits and models.
SEEDS = (0, 1, 2)
#: Validation frames, at most one in this many frames of the data.
VALID, VALID_DIVISOR = 200, 10
#: Test frames, at most one in this many frames of the data.
TEST, TEST_DIVISOR = 2000, 5


def n_valid(n_frames: int) -> int:
    """Number of validation frames for data with `n_frames` frames."""
    return min(VALID, max(n_frames // VALID_DIVISOR, 1))


def n_test(n_frames: int) -> int:
    """Number of test frames for data with `n_frames` frames."""
    return min(TEST, max(n_frames // TEST_DIVISOR, 1))
