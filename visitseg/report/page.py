"""The page: what the template needs, and the template rendered."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from visitseg.report import charts, facts, features, figures, mix, tables, theme, words
from visitseg.report.drawing import Figure
from visitseg.report.folder import Record, RunFolder

_GRADES = {
    "distinct": (
        "Real groups.",
        "Between every two segments there is a gap with few visits.",
    ),
    "graded": (
        "Useful bands, not separate species.",
        "Neighbours shade into each other: their border is a convention.",
    ),
    "none": (
        "We found no groups beyond the rules.",
        "Any further cut would be arbitrary: it would not come back.",
    ),
}


def html(run: RunFolder) -> str:
    """Write the page of a run.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    str
        A whole HTML document that needs nothing beside itself.
    """
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(_context(run))


def _context(run: RunFolder) -> Record:
    report, ledger = run.report, tables.ledger(run)
    measures = [_drawn(figure) for figure in figures.measures(run)]
    panels = [_drawn(figure) for figure in mix.panels(run)]
    checks, clipping = tables.checks(run), tables.clipping(run)
    sections = {
        "answer": "Answer",
        "segments": run.segments and "Segments",
        "mix": panels and "Mix",
        "evidence": (measures or clipping) and "Evidence",
        "grain": ledger and "Grain",
        "checks": checks and "Checks",
        "run": report and "This run",
    }
    return {
        "light": theme.css_values(theme.LIGHT),
        "dark": theme.css_values(theme.DARK),
        "nav": {name: title for name, title in sections.items() if title},
        "title": _headline(run),
        "eyebrow": _eyebrow(run),
        "simulated": bool(report.get("smoke_mode")),
        "lede": _lede(run),
        "verdict": _verdict(run),
        "facts": facts.facts(run),
        "cautions": facts.cautions(run),
        "segments": _segments(run),
        "features": [(features.label(f), features.unit(f, run.currency)) for f in run.features],
        "overall": [features.value(f, m, run.currency) for f, m in run.overall.items()],
        "all_visits": words.count(run.n_visits),
        "left_out": [features.label(name) for name in report.get("features_left_out") or []],
        "clipped": bool(clipping and clipping["rows"]),
        "mix": panels,
        "mix_text": mix.caption(run),
        "measures": measures,
        "k_final": report.get("k_final"),
        "decision": (report.get("decision") or {}).get("text") or "",
        "silhouette": _silhouette(run),
        "diagnostics": _diagnostics(run),
        "clipping": clipping,
        "ledger": ledger,
        "checks": checks,
        "settings": tables.settings(report.get("config")),
        "versions": tables.settings(report.get("versions")),
        "origin": tables.settings(
            {"run_utc": report.get("run_utc"), "fingerprint": report.get("fingerprint")}
        ),
    }


def _drawn(figure: Figure) -> Record:
    svg = charts.to_svg(figure.chart, tokens=True)
    hidden = svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return {
        "heading": figure.heading,
        "caption": figure.caption,
        "finding": figure.finding,
        "colour": figure.colour,
        "again": figure.again,
        "svg": hidden,
    }


def _headline(run: RunFolder) -> str:
    n = words.count(run.n_visits)
    k = run.report.get("k_final") or len(run.segments)
    if not k:
        return f"{n} visits, not yet in segments"
    return f"{words.in_words(k)} segment{'' if k == 1 else 's'} of {n} visits"


def _eyebrow(run: RunFolder) -> str:
    period = words.period(*run.days) if run.days else ""
    return " · ".join(part for part in (facts.source(run), period) if part)


def _lede(run: RunFolder) -> Record:
    """Largest and smallest segment, and what the orders brought."""
    ranked = sorted(run.segments, key=lambda segment: -segment.share)
    totals = run.report.get("totals") or {}
    orders, buyers = totals.get("transactions"), totals.get("visits_with_transactions")
    money = ""
    if orders and buyers and totals.get("transaction_revenue"):
        revenue = words.money(totals["transaction_revenue"], run.currency)
        visits = "visit" if buyers == 1 else "visits"
        money = (
            f"{words.count(orders)} order{'' if orders == 1 else 's'} in {words.count(buyers)} "
            f"{visits} brought {revenue}."
        )
    return {
        "largest": ranked[0] if len(ranked) > 1 else None,
        "smallest": ranked[-1] if len(ranked) > 1 else None,
        "money": money,
        "shares": [words.share(segment.share) for segment in ranked],
    }


def _verdict(run: RunFolder) -> tuple[str, str] | None:
    k, grade = run.report.get("k_final"), run.report.get("grade")
    if not k:
        return None
    if grade in _GRADES:
        return _GRADES[grade]
    rule = (run.report.get("decision") or {}).get("rule") or "set by the preset"
    return (
        f"K was set to {k} {rule.removeprefix('set ')}.",
        "The baseline preset gives no verdict on whether the groups are real. It always cuts the "
        "visits into K parts, with or without gaps between them: read them as parts, "
        "not as kinds of visits.",
    )


def _segments(run: RunFolder) -> list[Record]:
    widest = max((segment.share for segment in run.segments), default=1.0) or 1.0
    return [
        {
            "name": segment.name,
            "colour": segment.colour,
            "again": segment.again,
            "n": words.visits(segment.n),
            "share": words.share(segment.share),
            "width": f"{100 * segment.share / widest:.1f}",
            "few": segment.few,
            "cells": [
                {
                    "text": figures.centre_text(run, segment, feature),
                    "side": "na" if depth is None else "hi" if depth > 0 else "lo",
                    "depth": f"{abs(depth or 0):.2f}",
                }
                for feature in run.features
                for depth in [figures.lift(run, segment, feature)]
            ],
        }
        for segment in run.segments
    ]


def _silhouette(run: RunFolder) -> str:
    sample = run.report.get("silhouette_sample")
    if not sample or not run.diagnostics:
        return ""
    banded = any((row.get("silhouette_low") or 0) < (row.get("silhouette_high") or 0)
                 for row in run.diagnostics)  # fmt: skip
    if sample.get("exact"):
        text = f"Silhouette is computed on all {words.count(sample['of'])} visits"
    else:
        text = (
            f"Silhouette is estimated on a sample of {words.count(sample['n'])} "
            f"of {words.count(sample['of'])} visits"
        )
    return text + ("; its shade is the 95 % interval." if banded else ", without an interval.")


def _diagnostics(run: RunFolder) -> list[Record]:
    def show(row: Record, field: str, form: str) -> str:
        return words.DASH if row.get(field) is None else format(row[field], form)

    return [
        {
            "k": row["k"],
            "inertia": show(row, "inertia_ssd", ",.0f"),
            "silhouette": show(row, "silhouette", ".3f"),
            "interval": f"{row['silhouette_low']:.3f} to {row['silhouette_high']:.3f}"
            if row.get("silhouette_low") is not None
            else "",
            "davies_bouldin": show(row, "davies_bouldin", ".2f"),
            "calinski_harabasz": show(row, "calinski_harabasz", ",.0f"),
        }
        for row in run.diagnostics
    ]
