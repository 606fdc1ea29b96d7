"""The run-time type checker of the tests: shapes and types of every call, where an int will do for a float."""

from functools import partial

from beartype import BeartypeConf, beartype

check = partial(beartype, conf=BeartypeConf(is_pep484_tower=True))
