"""Chance, where the answer depends on it: one stream for everybody.

Which visits are looked at, where a count lies within its cell, where a mixture starts, how bands
are tried again: all of it decides, so it is a function of the visits alone. The same visits give
the same segments under every seed, and nobody can shop for a seed whose segments please. The user's
seed draws the samples that vote: they tell how steady the answer is.
"""

from __future__ import annotations

STREAM = 20_231


def fixed(number: int = 0) -> int:
    """Return the seed of a numbered draw; the same for everybody.

    Parameters
    ----------
    number : int
        Tells draws apart that must differ.
    """
    return STREAM + number
