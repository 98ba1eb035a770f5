"""What stops a shipment still, and when it was let go on."""

from datetime import UTC, datetime

import pytest

from salsa_ext.matching.holds import let_go_at, standing
from salsa_ext.matching.journeys import Incident, Stop, Tick


def at(hour):
    return datetime(2026, 3, 9, hour, tzinfo=UTC)


def tick(hour, outcome, stage="entry", state="PRY", **more):
    return Tick(stage, state, at(hour), outcome, **more)


def order(hour, is_hold=True, state="BRA"):
    return Stop(at(hour), is_hold, state, "Scan")


REFUSED = Incident("refused_entry", at(10), state="PRY", note="No licence")
HELD = tick(10, "held", reason="Seal cut")


@pytest.mark.parametrize("ticks,stops,incidents,expected", [
    ((), (), (), []),
    ((HELD,), (), (), [("held", "PRY", "entry", "Seal cut")]),
    ((HELD, tick(11, "passed")), (), (), []),
    ((HELD,), (order(11, is_hold=False, state="PRY"),), (), []),
    ((HELD,), (order(11, is_hold=False),), (), [("held", "PRY", "entry", "Seal cut")]),
    ((HELD, tick(11, "held")), (), (), [("held", "PRY", "entry", "Seal cut")]),
    ((HELD,), (order(9, is_hold=False, state="PRY"),), (), [("held", "PRY", "entry", "Seal cut")]),
    ((tick(9, "passed"),), (order(10),), (), [("hold", "BRA", None, "Scan")]),
    ((HELD,), (order(11),), (),
     [("held", "PRY", "entry", "Seal cut"), ("hold", "BRA", None, "Scan")]),
    ((tick(9, "refused"),), (order(11, is_hold=False, state="PRY"),), (), [("refused", "PRY", "entry", None)]),
    ((), (), (REFUSED,), [("refused", "PRY", None, "No licence")]),
    ((tick(11, "passed"),), (), (REFUSED,), []),
    ((), (), (Incident("theft", at(10), None, True, "BRA", "Gone"),), [("lost", "BRA", None, "Gone")]),
    ((), (), (Incident("delay", at(10), at(12), False, "BRA", "Bridge"),), []),
])  # fmt: skip
def test_what_stops_it_says_whose_word_it_is_and_why(ticks, stops, incidents, expected):
    found = standing(ticks, stops, incidents)
    assert [(move.kind, move.state, move.stage, move.reason) for move in found] == expected


@pytest.mark.parametrize("held,stops,expected", [
    (HELD, (), None),
    (HELD, (order(11), *(order(hour, is_hold=False, state="PRY") for hour in (12, 14))), at(12)),
    (HELD, (order(9, is_hold=False, state="PRY"), order(11, is_hold=False)), None),
    (tick(10, "refused"), (order(12, is_hold=False, state="PRY"),), None),
    (tick(10, "passed"), (order(12, is_hold=False, state="PRY"),), None),
])  # fmt: skip
def test_a_tick_that_holds_says_when_it_was_let_go_on(held, stops, expected):
    assert let_go_at(held, stops) == expected
