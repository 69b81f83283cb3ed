"""What to do next: templates that speak only where something stands out beyond chance."""

from __future__ import annotations

from collections.abc import Iterator

from visitseg.report.folder import RunFolder
from visitseg.report.statements import cards
from visitseg.report.wording import words

_NOT_A_SOURCE = {"direct", "(direct)", "(not set)", "not known", "unassigned", "(none)", "(other)"}
_STEPS = 3
_WORTH_ACTING = 1.2


def unfinished(run: RunFolder) -> dict[str, float]:
    """Count the baskets that no order followed, by segment; empty where that is not known."""
    if not run.of_rule("converted"):
        return {}
    buyers = {segment.id for segment in run.of_rule("converted")}
    return {id_: n for id_, n in cards.baskets(run).items() if id_ not in buyers}


def steps(run: RunFolder) -> list[tuple[str, str]]:
    """Say what to do next, from what stands out beyond chance; at most three, possibly none.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    list of (str, str)
        A short head, and why.
    """
    found = [_win_back(run), _landing(run), _referrer(run), _poor_channel(run)]
    return [step for step in found if step][:_STEPS]


def _win_back(run: RunFolder) -> tuple[str, str] | None:
    left = unfinished(run)
    total = sum(left.values())
    if total < cards.RELIABLE:
        return None
    most = next(s for s in run.segments if s.id == max(left, key=lambda id_: left[id_]))
    orders = float((run.report.get("totals") or {}).get("transactions") or 0)
    were = "was" if orders == 1 else "were"
    placed = f"; {words.counted(orders, 'order')} {were} placed" if orders else ""
    name = words.cut(words.spoken(most.name), words.LONGEST)
    return (
        f"Win back {words.count(total)} full baskets.",
        f"So many visits filled one and left without an order{placed}. "
        f"{words.share(left[most.id] / total)} of those that left are {name}: start there, with a "
        "basket reminder.",
    )


def _channels(run: RunFolder, rule: str) -> Iterator[tuple[str, float, float, float]]:
    """Channel, its share in the segments of a rule, its share of all visits, visits of the rule."""
    for segment in run.of_rule(rule)[:1]:
        for row in (segment.profile.get("dimensions") or {}).get("channel") or []:
            if str(row["value"]).lower() not in _NOT_A_SOURCE:
                yield str(row["value"]), float(row["share"]), float(row["share_of_all"]), segment.n


def _landing(run: RunFolder) -> tuple[str, str] | None:
    """Find the channel that loses most visits beyond what its visits would lead to expect."""
    overall = sum(segment.share for segment in run.of_rule("bounced"))
    lost = []
    for channel, share, of_all, n in _channels(run, "bounced"):
        visits, gone = of_all * run.n_visits, share * n
        rate = min(gone / visits, 1.0) if visits else 0.0
        clear = cards.wilson(rate, visits)[0] > overall and rate > _WORTH_ACTING * overall
        if gone >= cards.RELIABLE and clear:
            lost.append(((rate - overall) * visits, channel, rate))
    if not lost:
        return None
    _, channel, rate = max(lost)
    return (
        f"Look at the pages {channel} lands on.",
        f"{words.share(rate)} of visits from {channel} leave after one page; for all visits it is "
        f"{words.share(overall)}.",
    )


def _referrer(run: RunFolder) -> tuple[str, str] | None:
    good = [
        (share / of_all, channel, share, of_all)
        for channel, share, of_all, n in _channels(run, "converted")
        if share * n >= cards.RELIABLE and cards.wilson(share, n)[0] > of_all
    ]
    if not good:
        return None
    _, channel, share, of_all = max(good)
    return (
        f"Learn what {channel} does right.",
        f"{words.share(of_all)} of visits come through {channel}, but {words.share(share)} of "
        "buyers do.",
    )


def _poor_channel(run: RunFolder) -> tuple[str, str] | None:
    """Find the device whose visits buy least for their number."""
    for segment in run.of_rule("converted")[:1]:
        poor = [
            (float(row["share_of_all"]) - float(row["share"]), str(row["value"]), row)
            for row in (segment.profile.get("dimensions") or {}).get("device") or []
            if float(row["share_of_all"]) * segment.n >= cards.RELIABLE
            and cards.wilson(float(row["share"]), segment.n)[1] < float(row["share_of_all"])
        ]
        if poor:
            _, device, row = max(poor, key=lambda entry: entry[:2])
            return (
                f"Try to buy on {device}.",
                f"{words.share(float(row['share_of_all']))} of visits come on {device}, but only "
                f"{words.share(float(row['share']))} of buyers do.",
            )
    return None
