"""The first screen's lists in words: the facts of a run, and what to be careful about."""

from __future__ import annotations

from visitseg.report import tables, words
from visitseg.report.folder import RunFolder

NOT_HERE = "not in this export"

_SOURCES = {
    "ga360": "Google Analytics 360 export",
    "ga4": "GA4 export",
    "events": "Event log",
    "visits": "Visit table",
}


def source(run: RunFolder) -> str:
    """Name what the rows came from."""
    name = run.ledger.get("source") or (run.report.get("config") or {}).get("source") or ""
    return _SOURCES.get(str(name), str(name))


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
    found = [("Period", _period(run)), ("Visits counted", _counted(run))]
    if not run.report:
        return found
    buyers, orders = totals.get("visits_with_transactions"), totals.get("transactions")
    found.append(("Conversion", NOT_HERE if buyers is None or not n else words.share(buyers / n)))
    if interval := totals.get("conversion_interval"):
        low, high = (words.share(bound) for bound in interval)
        found.append(("Conversion, likely range", f"{low} to {high}"))
    found.append(("Orders", NOT_HERE if orders is None else words.count(orders)))
    revenue = totals.get("transaction_revenue")
    money = NOT_HERE if revenue is None else words.money(revenue, run.currency)
    found.append(("Revenue" if run.currency else "Revenue, in the export's currency", money))
    timed = totals.get("visits_with_known_time")
    known = NOT_HERE if timed is None or not n else f"{words.share(timed / n)} of visits"
    return [*found, ("Time on site known", known)]


def cautions(run: RunFolder) -> list[tuple[str, str]]:
    """Say what a reader must know before deciding anything, worst first.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of (str, str)
        A short head, and one sentence; at most three failed checks among them.
    """
    said = []
    if run.report.get("smoke_mode"):
        said.append(("Simulated visits.", "These numbers show how the tool works, nothing else."))
    failed = [check for check in tables.checks(run) if check["state"] != "ok"]
    said += [(f"{check['name']}.", check["words"]) for check in failed[:3]]
    if len(failed) > 3:
        said.append((f"{len(failed) - 3} more under Checks.", "Read them before the numbers."))
    if not run.report:
        return said
    buyers = (run.report.get("totals") or {}).get("visits_with_transactions")
    if buyers is not None and buyers < 100:
        text = "Too few to compare buyers by country or device."
        said.append((f"{words.count(buyers)} visits with an order.", text))
    if run.days is None:
        text = "The input has no dates, so the report cannot say whether the mix changes."
        said.append(("No dates.", text))
    elif (length := (run.days[1] - run.days[0]).days + 1) < 28:
        head = "One day only." if length == 1 else f"{length} days only."
        text = "Weekends may look different. Use four weeks before you decide anything large."
        said.append((head, text if length == 1 else text.split(". ")[1]))
    cut = tables.clipped_values(run).get("transactions") or 0
    if cut:
        text = f"In {words.count(cut)} visits the number of orders was clipped as an outlier."
        said.append(("Buyers are blurred.", text))
    return said


def _period(run: RunFolder) -> str:
    return words.period(*run.days) if run.days else NOT_HERE


def _counted(run: RunFolder) -> str:
    rows = run.ledger.get("rows_in")
    n = words.count(run.n_visits)
    return n if rows is None else f"{n} from {words.count(rows)} {tables.rows_of(run)}"
