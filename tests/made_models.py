"""Models with every kind of axis, rule and atom, their numbers drawn; and visits for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from visitseg.model import Model, Segment
from visitseg.segments.assignment.assign import Assigner
from visitseg.segments.assignment.fitted import Buyers, Fitted
from visitseg.segments.places.axes import ACTIVITY, BREADTH, PACE, PAGES, Axis
from visitseg.segments.places.space import VisitSpace

VISIT_AXES = (PAGES, replace(PACE, step=5.0), ACTIVITY, BREADTH)
OWN_AXES = (
    PAGES,
    Axis("log orders", "own_log", "log"),
    Axis("log price", "own_smooth", "log", step=0.0),
    Axis("log1p balance", "own_log1p", "log1p"),
    Axis("share", "own_share", "share", step=0.0),
    Axis("none", "own_none", "none", step=0.0, unit=3.7),
)
FEATURES = (
    *("pageviews", "hits", "unique_pages", "time_on_site_sec"),
    *("transactions", "transaction_revenue", "engaged"),
)
# Values of each column that are no places.
ATOMS = {"pageviews": (1.0,), "time_on_site_sec": (0.0, 20.0), "own_log1p": (3.0,)}


def visits(n: int, seed: int) -> pa.Table:
    """Draw visits of few distinct values, any of them unknown but the pages'."""
    rng = np.random.default_rng(seed)
    pages = rng.integers(0, 12, n).astype(float)
    columns = {
        "pageviews": pages,
        "hits": pages + rng.integers(0, 6, n),
        "unique_pages": np.ceil(pages * rng.random(n)),
        "time_on_site_sec": np.where(rng.random(n) < 0.2, 0.0, 5.0 * rng.integers(0, 100, n)),
        "transactions": (rng.random(n) < 0.1).astype(float),
        "transaction_revenue": np.round(np.exp(rng.normal(4, 2, n)), 2),
        "engaged": (rng.random(n) < 0.5).astype(float),
        "own_log": rng.integers(0, 9, n).astype(float),
        "own_smooth": np.round(rng.normal(2, 2, n), 3),
        "own_log1p": rng.integers(-4, 9, n).astype(float),
        "own_share": np.round(rng.random(n), 2),
        "own_none": np.round(rng.normal(0, 9, n), 1),
    }
    table = {"visit_id": pa.array([f"v{i:07d}" for i in range(n)])}
    days = 20_000 + np.arange(n) % 30
    table["date_id"] = pa.array(days, pa.int32()).cast(pa.date32())
    for name, values in columns.items():
        unknown = rng.random(n) < (0 if name == "pageviews" else 0.15)
        table[name] = pa.array(np.where(unknown, np.nan, values), from_pandas=True)
    return pa.table(table)


def distributions(rng: np.random.Generator, k: int, atoms: Sequence[tuple[float, ...]]) -> Assigner:
    """Draw correlated normals with shares and atoms."""
    d = len(atoms)
    factors = 0.6 * rng.normal(size=(k, d, d)) + np.eye(d)
    tables = [rng.dirichlet(np.ones(len(values) + 2), size=k) for values in atoms]
    return Assigner(
        rng.normal(1, 1, (k, d)),
        factors @ factors.transpose(0, 2, 1),
        np.log(rng.dirichlet(np.ones(k))),
        tuple(atoms),
        tuple(np.log(table) for table in tables),
    )


def model(seed: int, axes: tuple[Axis, ...] = VISIT_AXES, *, k: int = 4) -> Model:
    """Draw a model: bounced is a rule, converted one of two parts, the rest has `k` segments."""
    rng = np.random.default_rng(seed)
    atoms = [ATOMS.get(axis.column, ()) for axis in axes]
    space = VisitSpace(
        axes, {j: dict.fromkeys(values, 0.1) for j, values in enumerate(atoms) if values}
    )
    fitted = Fitted(
        space,
        distributions(rng, k, atoms),
        tuple(range(2, 2 + k)),
        {"bounced": (1,), "converted": (0, 2 + k)},
        Buyers(distributions(rng, 2, [()])),
        tuple(rng.uniform(1, 3, k)),
    )
    return as_model(fitted, tuple(dict.fromkeys((*FEATURES, *(a.column for a in axes)))))


def as_model(fitted: Fitted, features: tuple[str, ...]) -> Model:
    """Give segments names that need quoting."""
    n = fitted.k
    return Model(
        preset="auto",
        table="visits",
        features=features,
        segments=tuple(
            Segment(f"s{c + 1}", f"the visitor's \\ no. {c}", "rest", "usable", "", 0, 0.0, {})
            for c in range(n)
        ),
        next_id=n + 1,
        grade="none",
        applied=fitted,
        unassigned=True,
        training={
            "n_visits": 0,
            **dict.fromkeys(("first_day", "last_day", "sha256")),
            "quantiles": [],
            "features": {},
            "days": [],
        },
    )
