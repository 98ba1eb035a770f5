"""What is odd about one gun: it was seized twice, or soon after it was first sold; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from salsa_ext.errors import Coded, say
from salsa_ext.matching.events import SEIZED
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.findings import SHORT_DAYS, Finding, across, doubts, time_points
from salsa_ext.matching.joined import Gun, Said

TAKEN: Final = SEIZED | {"surrender", "destruction"}  # it should not have come back
EVENT_KINDS: Final = {"surrender": "report_kind", "destruction": "transfer_kind"}
AGAIN: Final = 6.0  # points, chosen: it left the hands of the state
MORE_OFTEN: Final = 1.0  # chosen: for each time after the first
READ_OTHERWISE: Final = -2.0  # chosen: it may be its neighbour
TO_BE_JUDGED: Final = -3.0  # chosen: that both are of one gun is all there is to it
DESTROYED: Final = 2.0  # chosen: somebody certified what did not happen
MISSED: Final = -2.0  # chosen: the holder may have nothing to do with it


def find(guns: Sequence[Gun]) -> Iterator[Finding]:
    """Yield the guns that came back, and those that were seized within three years of their sale."""
    for gun in guns:
        yield from _again(gun)
        yield from _soon(gun)


def _again(gun: Gun) -> Iterator[Finding]:
    taken = [said for said in gun.records if said.event in TAKEN]
    back = [
        (one, other) for one, other in pairwise(taken)
        if other.event in SEIZED and other.on > one.on and other.document != one.document
    ]  # fmt: skip
    if gun.is_open or not back:
        return
    points = [AGAIN] + [MORE_OFTEN] * (len(back) - 1)
    reasons = [_back(*pair, worth) for pair, worth in zip(back, points, strict=True)]
    if any(one.event == "destruction" for one, _ in back):
        text = say("It was certified to have been destroyed.")
        reasons.append(Reason("destroyed", text, DESTROYED))
    if len({said.serial for pair in back for said in pair if said.serial}) > 1:
        text = say("Its serial was not read the same each time.")
        reasons.append(Reason("read_otherwise", text, READ_OTHERWISE))
    reasons += [*across([gun]), *doubts([gun], TO_BE_JUDGED)]
    yield Finding("recirculation", str(taken[0].id), (gun,), tuple(reasons))


def _back(one: Said, other: Said, points: float) -> Reason:
    event = Coded(EVENT_KINDS.get(one.event, "seizure_kind"), one.event)
    text = say("{state} had it on {on} ({event}); {other} seized it {days} days later.",
               state=one.state, on=one.on.isoformat(), event=event,
               other=other.state, days=(other.on - one.on).days)  # fmt: skip
    return Reason("seized_again", text, points)


def _soon(gun: Gun) -> Iterator[Finding]:
    """The days are certain where all sales that may be of the gun are of one day."""
    sold = {sale.on for sale in gun.sales}
    seized = gun.seized[0]
    if len(sold) != 1 or not 0 <= (days := (seized.on - min(sold)).days) < SHORT_DAYS:
        return
    text = say("It was seized {days} days after it was first sold.", days=days)
    reasons = [Reason("short_time", text, time_points(days))]
    if any(said.event in ("loss", "theft") and said.on <= seized.on for said in gun.records):
        missed = say("It was reported lost or stolen before it was seized.")
        reasons.append(Reason("missed", missed, MISSED))
    reasons += doubts([gun])
    yield Finding("short_time_to_crime", str(seized.id), (gun,), tuple(reasons))
