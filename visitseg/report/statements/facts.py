"""The first screen's lists in words: the facts of a run, and what to be careful about."""

from __future__ import annotations

from visitseg.report.folder import Record, RunFolder
from visitseg.report.statements import changes, tables
from visitseg.report.wording import words

_UNATTRIBUTED = {"direct", "(direct)", "(not set)", "not known", "unassigned", "(none)"}
_MOST = 4
_FEW_BUYERS = 100
_ONE_VISIT = 0.2
_BORDER = 0.05
_VIEWED = 0.5
_IN_A_THOUSAND = 1

NOT_HERE = "not in this export"

_SOURCES = {
    "ga360": "Google Analytics 360 export",
    "ga4": "GA4 export",
    "events": "Event log",
    "visits": "Visit table",
}


def source_of(run: RunFolder) -> str:
    """Return the source: ga360, ga4, events or visits."""
    return str(run.ledger.get("source") or (run.report.get("config") or {}).get("source") or "")


def source(run: RunFolder) -> str:
    """Name what the rows came from."""
    return _SOURCES.get(source_of(run), source_of(run))


def facts(run: RunFolder) -> list[tuple[str, str]]:
    """State period, visits, conversion, orders and known times.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of (str, str)
        Name and value, in a fixed order.
    """
    n, totals = run.n_visits, run.report.get("totals") or {}
    found = [("Period", _period(run)), ("Visits counted", _counted(run)), *_without(run)]
    if not run.report:
        return found
    if run.changes:
        found.append(("Since the last model", changes.briefly(run.changes)))
    if run.profiles:
        found.append(("Source not known", _unattributed(run)))
    if len(run.beyond) > 1 and (border := run.explorer.get("on_a_border")) is not None:
        found.append(("On a border between segments", words.share(float(border))))
    buyers, orders = totals.get("visits_with_transactions"), totals.get("transactions")
    if buyers is None or not n:
        found.append(("Conversion", NOT_HERE))
    elif interval := totals.get("conversion_interval"):
        low, high = (words.share(bound) for bound in interval)
        found.append(("Conversion, likely range", f"{low} to {high}"))
    if not run.profiles:
        found.append(("Orders", NOT_HERE if orders is None else words.visits(orders)))
    if run.profiles:
        return found
    timed = totals.get("visits_with_known_time")
    known = NOT_HERE if timed is None or not n else f"{words.share(timed / n)} of visits"
    return [*found, ("Time on site known", known)]


def _without(run: RunFolder) -> list[tuple[str, str]]:
    """Say how much of the export could not be put into visits for want of an id or of consent."""
    rows = int(run.ledger.get("rows_in") or 0)
    if not rows:
        return []
    lost = {str(r["reason"]): int(r["rows"]) for r in run.ledger.get("removed") or []}
    unit = tables.rows_of(run)
    said = [("Without a visitor id", f"{words.share(lost.get('null_id', 0) / rows)} of {unit}")]
    if source_of(run) == "ga4":
        said.insert(
            0, ("Without consent", f"{words.share(lost.get('no_consent', 0) / rows)} of {unit}")
        )
    return said if source_of(run) != "visits" else []


def _unattributed(run: RunFolder) -> str:
    channels = (run.explorer.get("dimensions") or {}).get("channel")
    if not channels:
        return NOT_HERE
    share = sum(part for name, part in channels.items() if str(name).lower() in _UNATTRIBUTED)
    return f"{words.share(share)} of visits"


def cautions(run: RunFolder) -> list[tuple[str, str]]:
    """Say what a reader must know before deciding anything, worst first.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of (str, str)
        A short head, and one or two sentences; at most four.
    """
    said = []
    if run.report.get("smoke_mode"):
        said.append(("Simulated visits.", "These numbers show how the tool works, nothing else."))
    failed = [check for check in tables.checks(run) if check["state"] == "bad"]
    said += [(f"{check['name']}.", check["words"]) for check in failed]
    if run.report:
        said += [*_without_pages(run), *_too_few(run), *_period_cautions(run), *_blurred(run)]
    warned = [check for check in tables.checks(run) if check["state"] == "warn"]
    said += [(f"{check['name']}.", check["words"]) for check in warned if _matters(run, check)]
    if len(said) > _MOST:
        rest = len(said) - _MOST + 1
        said = [*said[: _MOST - 1], (f"{rest} more.", "They are under Evidence: checks.")]
    return said


def _without_pages(run: RunFolder) -> list[tuple[str, str]]:
    """Warn of an export whose visits mostly hold no page view: a sample, or other names."""
    viewed = run.typical("pageviews").get("above_zero")
    if viewed is None or float(viewed) >= _VIEWED:
        return []
    text = "The rows may be a sample, or page views have another name: pages and times mislead."
    return [(f"{words.share(1 - float(viewed))} of visits hold no page view.", text)]


def _too_few(run: RunFolder) -> list[tuple[str, str]]:
    said = []
    totals = run.report.get("totals") or {}
    buyers = totals.get("visits_with_transactions")
    largest = float(run.explorer.get("largest_revenue_share") or 0)
    alone = ""
    if largest > _ONE_VISIT and not run.few_buyers:
        alone = f"One visit brought {words.part(largest)} of the revenue."
    if buyers == 0:
        said.append(("No visit has an order.", "Nothing can be said of buyers."))
    elif buyers is not None and buyers < _FEW_BUYERS:
        text = "Shares of so few are rough: among buyers only large differences hold."
        counted = words.capital(words.visits(buyers))
        said.append((f"{counted} visits with an order.", f"{text} {alone}".strip()))
    elif alone:
        said.append(("One large order.", alone))
    return said


def _period_cautions(run: RunFolder) -> list[tuple[str, str]]:
    if run.days is None:
        text = "The input has no dates, so the report cannot say whether the mix changes."
        return [("No dates.", text)]
    length = (run.days[1] - run.days[0]).days + 1
    if length >= 28:
        return []
    use = "Use four weeks before you decide anything large."
    if length == 1:
        return [("One day only.", f"Weekends may look different. {use}")]
    return [(f"{length} days only.", use)]


def _blurred(run: RunFolder) -> list[tuple[str, str]]:
    said = []
    if float(run.explorer.get("on_a_border") or 0) > _BORDER:
        text = "They could as well belong to the neighbouring segment."
        share = words.share(float(run.explorer["on_a_border"]))
        said.append((f"{share} of visits lie on a border.", text))
    withheld = [
        s.title
        for s in run.segments
        if ((s.profile.get("rule") or {}).get("withheld")) and not s.rule
    ]
    if withheld:
        text = "No short rule finds enough of it: use the labels, not a rule of thumb."
        said.append((f"{words.listed(withheld)}.", text))
    if cut := tables.clipped_values(run).get("transactions") or 0:
        text = f"In {words.counted(cut, 'visit')} the number of orders was clipped as an outlier."
        said.append(("Buyers are blurred.", text))
    return said


def _matters(run: RunFolder, check: Record) -> bool:
    """Tell whether a warning concerns more than one visit in a thousand."""
    rows = check["rows"]
    return rows is None or check["of_days"] or rows > _IN_A_THOUSAND * run.n_visits / 1000


def _period(run: RunFolder) -> str:
    if not run.days:
        return NOT_HERE
    length = (run.days[1] - run.days[0]).days + 1
    days = words.counted(length, "day")
    zone = (run.report.get("config") or {}).get("timezone")
    return f"{days}, {zone}" if zone and source_of(run) in ("events", "visits") else days


def _counted(run: RunFolder) -> str:
    rows = run.ledger.get("rows_in")
    n = words.count(run.n_visits)
    return (
        n
        if rows is None
        else f"{n} from {words.counted(rows, tables.rows_of(run).removesuffix('s'))}"
    )
