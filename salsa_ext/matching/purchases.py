"""Several guns that one buyer bought in few days: perhaps for somebody who may not buy; pure.

The measure is that of the report of multiple sales (ATF Form 3310.4, 27 CFR 478.126a): two or more
handguns of one buyer within five consecutive business days. Long guns count here too, as near the
southern border of the United States (Form 3310.12), and purchases from several dealers do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.findings import SHORT_DAYS, Finding, doubts, several
from salsa_ext.matching.joined import Gun, Known, Said

BUSINESS_DAYS: Final = 5
FEWEST: Final = 2
TOGETHER: Final = 6.0  # points, chosen: few who buy for themselves do
EACH_DEALER: Final = 1.0  # chosen: who goes from one to the next avoids a report

Bought = tuple[Said, Known, Gun]


def find(guns: Sequence[Gun]) -> Iterator[Finding]:
    """Yield purchases of one buyer, where the first of the guns was seized within three years."""
    by_buyer: dict[str, list[Bought]] = defaultdict(list)
    for gun in guns:
        sale = gun.sales[0] if gun.sales and not gun.is_open else None
        if sale and sale.receiver and sale.receiver.kind == "individual":
            by_buyer[sale.receiver.key].append((sale, sale.receiver, gun))
    for bought in by_buyer.values():
        for some in _together(sorted(bought, key=lambda one: (one[0].on, one[0].id))):
            if len(some) >= FEWEST and min(_days(some)) < SHORT_DAYS:
                yield _finding(some)


def business_days(first: date, last: date) -> int:
    """Count the days from Monday to Friday from one day through a later one; holidays count."""
    days = (last - first).days + 1
    return sum((first + timedelta(day)).weekday() < 5 for day in range(days))


def _together(bought: Sequence[Bought]) -> Iterator[list[Bought]]:
    some: list[Bought] = []
    for one in bought:
        if some and not _is_near(some[0][0].on, one[0].on):
            yield some
            some = []
        some.append(one)
    yield some


def _is_near(first: date, last: date) -> bool:
    return (last - first).days <= 7 and business_days(first, last) <= BUSINESS_DAYS


def _days(bought: Sequence[Bought]) -> list[int]:
    return [(gun.seized[0].on - sale.on).days for sale, _, gun in bought]


def _finding(bought: Sequence[Bought]) -> Finding:
    sales, guns = [one[0] for one in bought], tuple(one[2] for one in bought)
    reasons = [Reason("bought_together", _text(bought), TOGETHER)]
    dealers = {sale.giver.key for sale in sales if sale.giver}
    if len(dealers) > 1:
        text = say("They were bought from {count} dealers.", count=len(dealers))
        reasons.append(Reason("dealers", text, EACH_DEALER * (len(dealers) - 1)))
    reasons += [*several(guns, _days(bought)), *doubts(guns)]
    return Finding("straw_purchase", str(sales[0].id), guns, tuple(reasons),
                   (sales[0], sales[-1]))  # fmt: skip


def _text(bought: Sequence[Bought]) -> Message:
    first, last = bought[0][0].on, bought[-1][0].on
    buyer = bought[0][1]
    told = {"count": len(bought), "first": first.isoformat(), "last": last.isoformat()}
    if buyer.name:
        return say("{name} bought {count} guns from {first} to {last}.", name=buyer.name, **told)
    return say("One buyer, whom {state} knows, bought {count} guns from {first} to {last}.",
               state=buyer.state, **told)  # fmt: skip
