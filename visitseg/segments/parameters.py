"""The parameters of `VisitSegmenter`, checked; and errors in their words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeGuard

import numpy as np

from visitseg.errors import SegmentError

_SEEDS = 2**32
# Every K up to k_max is measured.
_K_MOST = 100
# Options of the command line -> parameters that mean the same.
_CALLED = {"--k-final": "k", "--k-max": "k_max"}


def check(
    *,
    preset: object,
    k: object,
    k_min: object,
    k_max: object,
    seed: object,
    bands: object,
    unassigned: object,
) -> None:
    """Check parameters.

    Raises
    ------
    SegmentError
        Some are not as they must be; all of them are named.
    """
    wrong = [
        f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}"
        for name, value, allowed in (
            ("preset", preset, ("auto", "baseline")),
            ("bands", bands, ("auto", "never")),
        )
        if not (isinstance(value, str) and value in allowed)
    ]
    if not (isinstance(k, str) and k == "auto") and not (_is_whole(k) and int(k) >= 1):
        wrong.append(f"k must be a whole number from 1, or 'auto'; got {k!r}")
    if not (_is_whole(k_min) and _is_whole(k_max) and 1 <= k_min <= k_max <= _K_MOST):
        wrong.append(f"1 <= k_min <= k_max <= {_K_MOST} must hold; got {k_min!r} and {k_max!r}")
    if not isinstance(unassigned, bool | np.bool_):
        wrong.append(f"unassigned must be True or False; got {unassigned!r}")
    if not (_is_whole(seed) and 0 <= seed < _SEEDS):
        wrong.append(f"seed must be a whole number from 0 to {_SEEDS - 1}; got {seed!r}")
    if wrong:
        raise SegmentError(
            f"{len(wrong)} parameter{' is' if len(wrong) == 1 else 's are'} not allowed",
            where="VisitSegmenter",
            evidence=wrong,
            do="Change what is named.",
        )


@contextmanager
def in_their_words() -> Iterator[None]:
    """Let errors name the parameters where they name options of the command line."""
    try:
        yield
    except SegmentError as error:
        for option, name in _CALLED.items():
            error.where = error.where.replace(option, name)
        raise


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
