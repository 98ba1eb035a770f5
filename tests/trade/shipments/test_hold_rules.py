"""What stops a shipment still, and when it was let go on."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.trade.shipments.facts import CheckpointFact, HoldOrder, IncidentFact
from salsa_ext.trade.shipments.progress import find_stops, overruled_holds, resumed_at


def at(hour):
    return datetime(2026, 3, 9, hour, tzinfo=UTC)


def tick(hour, outcome, stage="entry", state="PRY", **more):
    return CheckpointFact(stage, state, at(hour), outcome, **more)


def order(hour, is_hold=True, state="BRA"):
    return HoldOrder(at(hour), is_hold, state, "Scan")


REFUSED = IncidentFact("refused_entry", at(10), state="PRY", note="No licence")
HELD = tick(10, "held", reason="Seal cut")


@pytest.mark.parametrize(
    "ticks,stops,incidents,expected",
    [
        ((), (), (), []),
        ((HELD,), (), (), [("held", "PRY", "entry", "Seal cut")]),
        ((HELD, tick(11, "passed")), (), (), []),
        ((HELD,), (order(11, is_hold=False, state="PRY"),), (), []),
        ((HELD,), (order(11, is_hold=False),), (), [("held", "PRY", "entry", "Seal cut")]),
        ((HELD, tick(11, "held")), (), (), [("held", "PRY", "entry", "Seal cut")]),
        (
            (HELD,),
            (order(9, is_hold=False, state="PRY"),),
            (),
            [("held", "PRY", "entry", "Seal cut")],
        ),
        ((tick(9, "passed"),), (order(10),), (), [("hold", "BRA", None, "Scan")]),
        (
            (HELD,),
            (order(11),),
            (),
            [("held", "PRY", "entry", "Seal cut"), ("hold", "BRA", None, "Scan")],
        ),
        (
            (tick(9, "refused"),),
            (order(11, is_hold=False, state="PRY"),),
            (),
            [("refused", "PRY", "entry", None)],
        ),
        ((), (), (REFUSED,), [("refused", "PRY", None, "No licence")]),
        ((tick(11, "passed"),), (), (REFUSED,), []),
        (
            (),
            (),
            (IncidentFact("theft", at(10), None, True, "BRA", "Gone"),),
            [("lost", "BRA", None, "Gone")],
        ),
        ((), (), (IncidentFact("delay", at(10), at(12), False, "BRA", "Bridge"),), []),
    ],
)
def test_what_stops_it_says_whose_word_it_is_and_why(ticks, stops, incidents, expected):
    found = find_stops(ticks, stops, incidents)
    assert [(move.kind, move.state, move.stage, move.reason) for move in found] == expected


def test_of_two_ticks_of_one_moment_the_one_recorded_last_counts():
    passed, hold = (tick(13, outcome, state="PRY") for outcome in ("passed", "held"))
    for first, last, kinds in ((passed, hold, ["held"]), (hold, passed, [])):
        result = [replace(last, recorded_at=at(15)), replace(first, recorded_at=at(14))]
        assert [move.kind for move in find_stops(result, (), ())] == kinds


@pytest.mark.parametrize(
    "stops,incidents,kinds",
    [
        ((), (), ["held"]),
        ((order(10),), (), ["held", "hold"]),
        ((), (REFUSED,), ["refused", "held"]),
    ],
)
def test_of_what_was_recorded_at_one_time_too_the_stop_counts(stops, incidents, kinds):
    result = (HELD, tick(10, "passed"))
    assert [move.kind for move in find_stops(result, stops, incidents)] == kinds


def test_a_hold_after_a_release_at_the_same_moment_counts():
    let_go = replace(order(10, is_hold=False, state="PRY"), recorded_at=at(11))
    before, after = (replace(HELD, recorded_at=at(hour)) for hour in (10, 12))
    assert (find_stops([before], [let_go], ()), resumed_at(before, [let_go])) == ((), at(10))
    assert [move.kind for move in find_stops([after], [let_go], ())] == ["held"]
    assert resumed_at(after, [let_go]) is None


MOMENTS = st.integers(9, 11).map(at)
ORDERED = st.builds(
    HoldOrder, MOMENTS, st.booleans(), st.sampled_from(["PRY", "BRA"]), st.none(), MOMENTS
)
TICKED = st.builds(
    lambda moment, outcome, recorded: tick(moment.hour, outcome, recorded_at=recorded),
    MOMENTS,
    st.sampled_from(["passed", "held", "refused"]),
    MOMENTS,
)


@given(st.lists(TICKED, max_size=4), st.lists(ORDERED, max_size=3), st.data())
def test_what_stops_it_depends_on_no_order_of_telling(ticks, stops, data):
    mixed = (data.draw(st.permutations(value)) for value in (ticks, stops))
    assert find_stops(*mixed, ()) == find_stops(ticks, stops, ())


@given(st.lists(st.tuples(MOMENTS, TICKED), min_size=1, max_size=4), st.booleans())
def test_an_order_counts_after_every_tick_that_it_was_given_after(told, is_hold):
    """Whatever moments devices with fast clocks wrote of them."""
    ticks = [replace(tick, at=min(moment, tick.recorded_at)) for moment, tick in told]
    found = find_stops(ticks, [order(12, is_hold, "PRY")], ())
    assert {"hold", "held"} & {move.kind for move in found} == ({"hold"} if is_hold else set()) | (
        {"held"} & {move.kind for move in find_stops(ticks, (), ())} if is_hold else set()
    )


@pytest.mark.parametrize(
    "hold,stops,expected",
    [
        (HELD, (), None),
        (
            HELD,
            (order(11), *(order(hour, is_hold=False, state="PRY") for hour in (12, 14))),
            at(12),
        ),
        (HELD, (order(9, is_hold=False, state="PRY"), order(11, is_hold=False)), None),
        (tick(10, "refused"), (order(12, is_hold=False, state="PRY"),), None),
        (tick(10, "passed"), (order(12, is_hold=False, state="PRY"),), None),
    ],
)
def test_a_tick_that_holds_says_when_it_was_let_go_on(hold, stops, expected):
    assert resumed_at(hold, stops) == expected


def test_a_refusal_remains_when_its_state_lifts_a_hold():
    refused = tick(10, "refused")
    orders = [order(11, state=refused.state), order(12, is_hold=False, state=refused.state)]
    passed = replace(tick(13, "passed"), state="BOL", recorded_at=at(13))
    [found] = overruled_holds([refused, passed], orders, ())
    assert (found.by, found.stop.kind) == ("BOL", "refused")
    assert overruled_holds([refused, passed], [*orders, order(14, state=refused.state)], ()) == ()


@given(st.lists(TICKED, max_size=4), st.lists(ORDERED, max_size=3))
def test_nothing_passes_against_what_did_not_stop_it(ticks, stops):
    """Whoever passed last against another's word, that word stopped it a moment before."""
    last = replace(tick(12, "passed"), state="BOL", recorded_at=at(12))
    before = {move.state for move in find_stops(ticks, stops, ()) if move.state != "BOL"}
    found = overruled_holds([*ticks, last], stops, ())
    assert {each.stop.state for each in found if each.by == "BOL" and each.at == at(12)} == before
