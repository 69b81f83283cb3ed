"""The page: what the template needs, and the template rendered."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from visitseg.report.charts import drawing, theme
from visitseg.report.charts.drawing import Figure
from visitseg.report.figures import explorer, mix, pictures
from visitseg.report.folder import Record, RunFolder
from visitseg.report.statements import (
    answer,
    candidates,
    cards,
    changes,
    evidence,
    facts,
    steps,
    tables,
    verdict,
)
from visitseg.report.wording import dates, features, words

_CLASSIC = ("elbow", "silhouette", "davies_bouldin", "calinski_harabasz")
_OURS = ("prediction_strength", "bootstrap_jaccard", "density_valley")
_PARTS = {
    "answer": "Answer",
    "segments": "Segments",
    "explore": "Explore",
    "evidence": "Evidence",
    "changes": "Changes",
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
        A whole HTML document that needs nothing beside itself, not even a script.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.jinja").render(_context(run))


def _context(run: RunFolder) -> Record:
    shown = _answer(run) | _segments(run) | _explore(run) | _evidence(run)
    shown["changes"] = changes.changes(run)
    there = {
        "answer": True,
        "segments": run.segments,
        "explore": any(shown[name] for name in ("panels", "mix", "spreads")),
        "evidence": any(shown[name] for name in ("measures", "ledger", "checks", "settings")),
        "changes": shown["changes"],
    }
    return shown | {
        "light": Markup(theme.css_values(theme.LIGHT)),  # noqa: S704  (our own colours)
        "dark": Markup(theme.css_values(theme.DARK)),  # noqa: S704
        "nav": {name: title for name, title in _PARTS.items() if there[name]},
        "version": (run.report.get("versions") or {}).get("visitseg") or "",
    }


def _answer(run: RunFolder) -> Record:
    return {
        "title": answer.headline(run),
        "eyebrow": _eyebrow(run),
        "simulated": bool(run.report.get("smoke_mode")),
        "lede": answer.lede(run),
        "bars": answer.bars(run) if run.profiles else [],
        "verdict": verdict.how_sure(run),
        "grade": run.report.get("grade"),
        "scale": verdict.grade(run),
        "facts": facts.facts(run),
        "differ": answer.why_totals_differ(run),
        "steps": steps.steps(run),
        "cautions": facts.cautions(run),
    }


def _eyebrow(run: RunFolder) -> str:
    period = dates.period(*run.days) if run.days else ""
    counted = words.counted(run.n_visits, "visit")
    return " · ".join(part for part in (facts.source(run), period, counted) if part)


def _segments(run: RunFolder) -> Record:
    widest = max((segment.share for segment in run.ranked), default=1.0) or 1.0
    fidelity = (run.profiles.get("rule_cards") or {}).get("fidelity")
    return {
        "segments": [
            {"segment": s, "n": words.visits(s.n), "share": words.share(s.share)}
            | {"width": f"{100 * s.share / widest:.1f}"}
            for s in mix.ordered(run)
        ],
        "cards": cards.cards(run),
        "fidelity": words.share(float(fidelity)) if fidelity and len(run.segments) > 1 else "",
        "features": [(features.label(f), features.unit(f, run.currency)) for f in _told(run)],
        "heat": _heat(run),
        "overall": [features.value(f, run.overall[f], run.currency) for f in _told(run)],
        "all_visits": words.count(run.n_visits),
        "left_out": [features.label(name) for name in run.report.get("features_left_out") or []],
        "clipped": any(tables.clipped_values(run).values()),
    }


def _told(run: RunFolder) -> list[str]:
    """Return the features of which some centre is not 0: a column of zeros says nothing."""
    return [f for f in run.features if any(s.centre[f] != 0 for s in run.segments)]


def _heat(run: RunFolder) -> list[Record]:
    return [
        {
            "segment": segment,
            "n": words.visits(segment.n),
            "share": words.share(segment.share),
            "cells": [
                {
                    "text": pictures.centre_text(run, segment, feature),
                    "side": "na" if depth is None else "hi" if depth > 0 else "lo",
                    "depth": f"{abs(depth or 0):.2f}",
                }
                for feature in _told(run)
                for depth in [pictures.lift(run, segment, feature)]
            ],
        }
        for segment in run.segments
    ]


def _explore(run: RunFolder) -> Record:
    rows = candidates.shown(run)
    return {
        "panels": candidates.panels(run, rows) if rows else [],
        "ruled": bool(run.rules),
        "panel_heads": [candidates.heading(run, name) for name in candidates.columns(run)],
        "clustergram": _both(explorer.clustergram(run), explorer.clustergram(run, explorer.NARROW)),
        "landscape": _both(explorer.landscape(run), explorer.landscape(run, explorer.NARROW)),
        "contributions": explorer.contributions(run),
        "spreads": [_drawn(figure) for figure in explorer.spreads(run)],
        "done": explorer.done_at_all(run),
        "mix": [_drawn(figure) for figure in mix.panels(run)],
        "mix_text": mix.caption(run),
    }


def _evidence(run: RunFolder) -> Record:
    report = run.report
    decision = report.get("decision") or {}
    drawn = {figure.name: _drawn(figure) for figure in pictures.measures(run)}
    ours = [drawn[name] for name in _OURS if name in drawn]
    classic = [drawn[name] for name in _CLASSIC if name in drawn]
    firm = _both(explorer.firmness(run), explorer.firmness(run, explorer.NARROW))
    return {
        "measures": classic[:3] + ours if ours else classic,
        "ours": bool(ours),
        "k_final": report.get("k_final"),
        "decision": decision.get("paragraphs") or list(filter(None, [decision.get("text")])),
        "record": evidence.decision(run),
        "silhouette": tables.silhouette(run),
        "diagnostics": tables.diagnostics(run),
        "firmness": firm,
        "clipping": tables.clipping(run),
        "flow": _drawn(figure) if (figure := explorer.flow(run)) else None,
        "ledger": tables.ledger(run),
        "checks": tables.checks(run),
        "settings": tables.settings(report.get("config")),
        "versions": tables.settings(report.get("versions")),
        "origin": tables.settings(
            {"run_utc": report.get("run_utc"), "fingerprint": report.get("fingerprint")}
        ),
        "sql": run.sql,
    }


def _drawn(figure: Figure) -> Record:
    svg = drawing.to_svg(figure.chart, tokens=True)
    hidden = svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return {
        "name": figure.name,
        "heading": figure.heading,
        "caption": figure.caption,
        "finding": figure.finding,
        "colour": figure.colour,
        "again": figure.again,
        "svg": Markup(hidden),  # noqa: S704  (drawn by us, its texts escaped by the renderer)
        "narrow": None,
    }


def _both(wide: Figure | None, narrow: Figure | None) -> Record | None:
    """Draw a figure for a desktop and for a phone: drawings do not reflow."""
    if wide is None or narrow is None:
        return None
    return _drawn(wide) | {"narrow": _drawn(narrow)["svg"]}
