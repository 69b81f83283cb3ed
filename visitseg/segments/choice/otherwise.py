"""What else might have been answered, and what would change the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visitseg.segments.choice.evidence import Evidence
from visitseg.segments.density.valley import DEEP


def runner_up(strict: int, rows: Mapping[int, Evidence], n_ruled: int) -> dict[str, Any] | None:
    """Return the K that came nearest, and why it lost.

    Parameters
    ----------
    strict : int
        Density-verified segments beyond the rules.
    rows : mapping of int to Evidence
        By the number of segments beyond the rules.
    n_ruled : int
        Rule segments.
    """
    others = [row for row in rows.values() if row.k_rest != strict and row.votes]
    if others:
        best = max(others, key=lambda row: (row.votes, -abs(row.k_rest - strict)))
    elif strict > 1:
        best = rows[strict - 1]
    elif len(rows) > 1 and strict == 1:
        best = rows[min(2, max(rows))]
    else:
        return None
    if best.k_rest > strict:
        why = (
            f"some samples answer so, but with all visits the border that it needs is too full: "
            f"{best.valley:.0%} of the lower peak, where {DEEP:.0%} is the limit."
            if best.valley < 1
            else "it would cut where no valley stands out of the noise."
        )
    elif (joined := rows[best.k_rest + 1]).shoulder:
        why = (
            "it would join a small kind to the larger one on whose flank it stands (a shoulder of "
            f"{joined.shoulder:.1f} standard errors)."
        )
    else:
        why = (
            "it would join two kinds between which visits are rare "
            f"({joined.valley:.0%} of the lower peak)."
        )
    return {"k": n_ruled + best.k_rest, "votes": best.votes, "why_not": why}


def what_would_change(strict: int, rows: Mapping[int, Evidence], n_votes: int) -> list[str]:
    """Say what would change the answer; see `runner_up`, `n_votes` being the samples that voted."""
    said = []
    own = rows.get(strict)
    if own is None:
        return []
    if own.shoulder:
        said.append("One kind fewer if that shoulder stood out less clearly.")
    elif strict > 1:
        said.append(
            f"One kind fewer if that border filled up from {own.valley:.0%} to over {DEEP:.0%}."
        )
    more = rows.get(strict + 1)
    if more is not None and more.valley < 1:
        said.append(
            f"One kind more if the next valley fell from {more.valley:.0%} of its lower peak to "
            f"under {DEEP:.0%}."
        )
    if n_votes and own.votes <= n_votes // 2:
        said.append("Samples of the visits often answer otherwise: more visits may change it.")
    return said
