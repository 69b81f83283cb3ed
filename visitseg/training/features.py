"""Which features of a visit table segments are sought on."""

from __future__ import annotations

from collections.abc import Sequence

from visitseg.errors import ConfigError
from visitseg.visits.build import VisitTable
from visitseg.visits.features import Contract


def features_there(
    table: VisitTable, features: Sequence[str], contract: Contract
) -> tuple[str, ...]:
    """Return the features to segment on, or say which of them the input does not give."""
    missing = [name for name in features if name not in table.features]
    if not missing:
        return tuple(features)
    raise ConfigError(
        f"{len(missing)} of {len(features)} features are not in the visit table",
        where="--features" if contract.chosen else "preset baseline",
        evidence=[f"missing: {', '.join(missing)}", f"there are: {', '.join(table.features)}"],
        do="Map them under [columns], or name fewer in a contract file: --features visits.yaml.",
    )
