"""The first screen in words: who comes, what they bring, why totals differ."""

from __future__ import annotations

from collections.abc import Iterator

from visitseg.report.folder import Record, RunFolder, Segment
from visitseg.report.statements import cards, facts, steps, verdict
from visitseg.report.wording import words

_NAMED_IN_LEDE = 6
_NEARLY_ALL = 0.9


def headline(run: RunFolder) -> str:
    """Answer in one or two sentences.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    str
        ``"Four groups of visits. Half leave after one page; one in sixty buys."``
    """
    n = words.counted(run.n_visits, "visit")
    k, grade = run.report.get("k_final") or len(run.segments), run.report.get("grade")
    if not k:
        return f"{n}, not yet in segments"
    if grade is None:
        return f"{words.in_words(k)} segment{'' if k == 1 else 's'} of {n}"
    if verdict.set_by_user(run):
        first = f"{words.in_words(k)} segment{'' if k == 1 else 's'} of visits, as you set it."
    elif limit := verdict.bound(run):
        first = f"{words.in_words(k)} segments of visits, as {limit} has it."
    elif run.rules and not run.beyond:
        first = "Every visit meets a rule."
    elif verdict.alike(run) and k == 1:
        first = "One kind of visit."
    elif grade == "none":
        ruled = ", by behaviour" if run.rules else ". Behaviour varies, but without clear groups"
        first = f"One kind of visit{ruled}."
    else:
        noun = "kind" if grade == "distinct" else "group"
        first = f"{words.in_words(k)} {noun}{'' if k == 1 else 's'} of visits."
    return " ".join(filter(None, [first, _rules_in_words(run)]))


def _rules_in_words(run: RunFolder) -> str:
    said = []
    if (gone := sum(s.share for s in run.of_rule("bounced"))) > 0:
        seen = [run.typical("pageviews", s).get("above_zero", 1) for s in run.of_rule("bounced")]
        most = " at most" if min(map(float, seen)) < _NEARLY_ALL else ""
        said.append(f"{words.capital(words.part(gone))} leave after one page{most}")
    if (bought := sum(s.share for s in run.of_rule("converted"))) > 0:
        part = words.one_in(bought)
        said.append(words.capital(part) if not said else part)
        said[-1] += " buys" if part.startswith("one in") else " buy"
    return "; ".join(said) + "." if said else ""


def lede(run: RunFolder) -> list[Record]:
    """Tell who comes, as pieces of a paragraph.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        ``text`` and, where a segment is named after it, ``segment``, ``name`` and ``after``.
    """
    if not run.profiles:
        return list(_largest_and_smallest(run))
    pieces = [_piece(s, f"{words.share(s.share)} are ", ". ") for s in run.of_rule("bounced")]
    beyond = run.beyond
    if beyond:
        together = sum(s.share for s in beyond)
        if pieces and len(beyond) > 1 and together < 0.95 and run.of_rule("converted"):
            part = words.capital(words.part(together))
            pieces.append({"text": f"{part} look around without buying: "})
        named = beyond[:_NAMED_IN_LEDE]
        for i, segment in enumerate(named):
            last = i == len(named) - 1
            more = (
                f", and {len(beyond) - len(named)} smaller groups"
                if len(beyond) > len(named)
                else ""
            )
            manner = _manner(run, segment)
            comma = "," if ", who" in manner else ""
            end = f"{more}. " if last else ", " if i < len(named) - 2 or more else f"{comma} and "
            pieces.append(_piece(segment, _who(run, segment), f"{manner}{end}"))
    buyers = run.of_rule("converted")
    for i, segment in enumerate(buyers):
        end = ". " if i < len(buyers) - 1 else f": {_orders(run)}." if _orders(run) else "."
        pieces.append(_piece(segment, f"{words.share(segment.share)} are ", end))
    return pieces


def _piece(segment: Segment, text: str, after: str) -> Record:
    name = words.cut(words.spoken(segment.name), words.LONGEST)
    return {"text": text, "segment": segment, "name": name, "after": after}


def _who(run: RunFolder, segment: Segment) -> str:
    """Begin a sentence about a segment; a rest that was not cut is no finding of its own."""
    if len(run.segments) == 1:
        return "All visits are "
    others = "all others, called " if segment.kind == "rest" else ""
    return f"{words.share(segment.share)} are {others}"


def _manner(run: RunFolder, segment: Segment) -> str:
    """Say what is typical of a segment, and whether it holds most of the baskets left behind."""
    typical = []
    pages = run.typical("pageviews", segment).get("median")
    if pages is not None:
        figure = words.number(float(pages))
        typical.append(f"{figure} page{'' if figure == '1' else 's'}")
    pace = run.typical("time_on_site_sec_per_pageview", segment).get("median")
    if pages == 0:
        typical = ["mostly without a page view"]
    elif pace is not None:
        typical.append(f"{words.duration(float(pace))} each")
    said = f" ({', '.join(typical)})" if typical and not segment.few else ""
    left = steps.unfinished(run)
    if len(run.beyond) > 1 and sum(left.values()) >= cards.RELIABLE:
        share = left.get(segment.id, 0) / sum(left.values())
        said += ", who fill most of the baskets" if share > 0.5 else ""
    return said


def _orders(run: RunFolder) -> str:
    totals = run.report.get("totals") or {}
    orders, revenue = totals.get("transactions"), totals.get("transaction_revenue")
    if not orders or run.few_buyers:
        return ""
    said = words.counted(orders, "order")
    if not revenue:
        return said
    unit = "" if run.currency else " of revenue"
    return f"{said}, {words.money(revenue, run.currency)}{unit}"


def _largest_and_smallest(run: RunFolder) -> Iterator[Record]:
    if len(run.ranked) > 1:
        share = words.share(run.ranked[0].share)
        yield _piece(run.ranked[0], "The largest is ", f" with {share} of the visits, ")
        yield _piece(
            run.ranked[-1], "the smallest ", f" with {words.share(run.ranked[-1].share)}. "
        )
    buyers = (run.report.get("totals") or {}).get("visits_with_transactions")
    if buyers and (said := _orders(run)):
        yield {"text": f"{words.counted(buyers, 'visit')} placed {said}."}


def bars(run: RunFolder) -> list[Record]:
    """Lay out who comes, who fills baskets, who pays: one bar each, parts in one order.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of dict
        ``title``, ``total``, ``parts``; a bar without data, or filled by definition, is absent.
    """
    found = [_bar("Visits", words.count(run.n_visits), [(s, s.share) for s in run.told])]
    if sum((left := cards.baskets(run)).values()) >= words.FEW:
        total = words.count(sum(left.values()))
        found.append(
            _bar(
                "Visits with a filled basket", total, [(s, left[s.id]) for s in run.told], did=True
            )
        )
    revenue = [(s, float(s.profile.get("revenue_share") or 0)) for s in run.told]
    if _orders(run) and not run.of_rule("converted") and sum(part for _, part in revenue) > 0:
        found.append(_bar("Revenue", _orders(run), revenue, did=True))
    return found


def _bar(
    title: str, total: str, parts: list[tuple[Segment, float]], *, did: bool = False
) -> Record:
    """Lay out a bar; of what visits did, it leaves out segments of few visits."""
    whole = sum(part for _, part in parts) or 1.0
    return {
        "title": title,
        "total": total,
        "parts": [
            {
                "name": words.cut(segment.title, words.LONGEST),
                "colour": segment.colour,
                "again": segment.again,
                "share": words.share(part / whole),
                "flex": f"{part / whole:.4f}",
            }
            for segment, part in parts
            if part > 0 and not (did and segment.few)
        ],
    }


def why_totals_differ(run: RunFolder) -> str:
    """Say why the totals are not those of the Google Analytics interface; empty elsewhere."""
    return _DIFFER.get(facts.source_of(run), "")


_DIFFER = {
    "ga4": "Totals differ from the Google Analytics interface, and should: the export holds no "
    "modelled visits of people who refused consent, no Google Signals, no thresholds and no "
    "estimates of distinct counts.",
    "ga360": "Totals can differ from the Google Analytics interface: it samples large requests, "
    "cuts a visit in two at midnight, and may add thresholds and modelled data that the export "
    "does not hold.",
}
