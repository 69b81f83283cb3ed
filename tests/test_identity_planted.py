"""Identity on planted populations: a reduced round of `python -m benchmarks.identity`."""

from __future__ import annotations

import pytest

from benchmarks import identity

pytestmark = pytest.mark.slow


def test_retrains_keep_ids_on_resamples_and_mild_drift() -> None:
    found = identity.retrains(2, 4_000, list(identity.FAMILIES))
    assert found["segments"] > 150
    assert found["right"] >= 0.99 * found["segments"]
    assert found["same"] >= 0.95 * found["alike"]
    assert found["held alike"] >= found["alone alike"] - 1


def test_planted_events_are_reported_as_what_they_are() -> None:
    found = identity.events(8, 6_000)
    for event in ("birth", "union", "split"):
        assert found[f"{event} found"] >= 4, "the populations are too hard for the segmenter"
        assert found[f"{event} right"] >= 0.85 * found[f"{event} found"]
