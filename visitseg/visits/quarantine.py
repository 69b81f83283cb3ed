"""Visits that break the contract are put aside, as long as they are few (``--quarantine``)."""

from __future__ import annotations

from visitseg.errors import ContractError
from visitseg.visits.contract import Check
from visitseg.visits.finishing import QUARANTINED
from visitseg.visits.ledger import Ledger
from visitseg.warehouse import Warehouse


def make_quarantined(warehouse: Warehouse) -> None:
    """Make the table ``quarantined``: visits put aside, with the check that each breaks."""
    warehouse.create_table("quarantined", QUARANTINED)


def quarantine_check(warehouse: Warehouse, ledger: Ledger, max_share: float) -> Check:
    """Return the check that tells how many visits were put aside, and why.

    Parameters
    ----------
    warehouse : Warehouse
        Holds ``quarantined``.
    ledger : Ledger
        Counts them.
    max_share : float
        Share of the visits that may be put aside.

    Raises
    ------
    ContractError
        They are more than that.
    """
    aside = ledger.visits_removed.get("quarantined", 0)
    total = ledger.visits + aside
    found = warehouse.query(
        "SELECT reason, COUNT(*) AS n, MIN(visit_id) AS visit_id "
        "FROM quarantined GROUP BY reason ORDER BY n DESC, reason"
    ).to_pylist()
    reasons = [f"{row['reason']} {row['n']:,}" for row in found]
    if aside > max_share * total:
        width = max(len(row["reason"]) for row in found)
        raise ContractError(
            f"{aside:,} of {total:,} visits break the contract, more than the "
            f"{int(max_share * total):,} that may be put aside ({max_share:g} of the visits)",
            where="quarantine.max_share",
            evidence=[
                f"{row['reason']:<{width}}  {row['n']:>6,}   e.g. {row['visit_id'] or 'NULL'}"
                for row in found[:8]
            ],
            do="Mend the rows, or allow more in the contract file (--features): "
            "quarantine: {max_share: 0.05}.\nNothing was published.",
        )
    return Check(
        name="quarantined",
        rows=aside,
        severity="warning",
        finds=f"{aside:,} of {total:,} visits are put aside: {', '.join(reasons)}.",
        do="Look at quarantine.parquet: every row has its reason.",
    )
