"""Status and doubts of a shipment follow from the facts, not from their order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.trade.permits.values import MissingLicence
from salsa_ext.trade.shipments import irregularities, progress
from salsa_ext.trade.shipments.facts import (
    CheckpointFact,
    ExpectedStage,
    HoldOrder,
    IncidentFact,
    ReceiptFact,
    ShipmentFacts,
    TransportPlan,
)

NOW = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SIDES = {"exit": "BRA", "transit_in": "PRY", "transit_out": "PRY", "entry": "BOL"}
STAGES = tuple(SIDES)


def at(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def tick(stage, day, outcome="passed", **more):
    return CheckpointFact(stage, SIDES[stage], at(day), outcome, **more)


def facts(**given):
    given.setdefault("is_released", True)
    return ShipmentFacts("BRA", "BOL", ("PRY",), date(2026, 12, 31), **given)


def doubts(known, now=NOW, grace=DAY):
    return irregularities.find_irregularities(known, now, now.date(), grace)


def kinds(known, **more):
    return [(doubt.kind, doubt.key) for doubt in doubts(known, **more)]


WHOLE_WAY = tuple(tick(stage, day) for day, stage in enumerate(STAGES, 1))
EXPECTED = tuple(ExpectedStage(stage, at(day)) for day, stage in enumerate(STAGES, 1))


@pytest.mark.parametrize(
    "content,status",
    [
        ({"is_released": False}, "planned"),
        ({}, "released"),
        ({"checkpoints": WHOLE_WAY[:1]}, "in_transit"),
        ({"checkpoints": WHOLE_WAY[:3]}, "in_transit"),
        ({"checkpoints": WHOLE_WAY}, "arrived"),
        ({"checkpoints": (tick("exit", 1), tick("transit_in", 2, "held"))}, "held"),
        ({"checkpoints": (tick("exit", 1), tick("transit_in", 2, "refused"))}, "held"),
        ({"checkpoints": (tick("exit", 1, "held"), tick("exit", 2))}, "in_transit"),
        ({"hold_orders": (HoldOrder(at(1), True),)}, "held"),
        ({"hold_orders": (HoldOrder(at(1), True), HoldOrder(at(2), False))}, "released"),
        ({"checkpoints": WHOLE_WAY[:2], "hold_orders": (HoldOrder(at(3), True),)}, "held"),
        (
            {"checkpoints": WHOLE_WAY[:3], "hold_orders": (HoldOrder(at(2, 13), True),)},
            "in_transit",
        ),
        (
            {
                "checkpoints": (tick("exit", 1), tick("entry", 2, "refused")),
                "hold_orders": (HoldOrder(at(3), False),),
            },
            "held",
        ),
        (
            {"incidents": (IncidentFact("refused_entry", at(3)),), "checkpoints": WHOLE_WAY[:1]},
            "held",
        ),
        (
            {
                "incidents": (IncidentFact("theft", at(3), is_total=True),),
                "checkpoints": WHOLE_WAY[:1],
            },
            "lost",
        ),
        (
            {"incidents": (IncidentFact("theft", at(3)),), "checkpoints": WHOLE_WAY[:1]},
            "in_transit",
        ),
        (
            {
                "incidents": (IncidentFact("theft", at(1, 13), is_total=True),),
                "checkpoints": WHOLE_WAY[:2],
            },
            "in_transit",
        ),
        (
            {"receipt": ReceiptFact(date(2026, 3, 5)), "hold_orders": (HoldOrder(at(6), True),)},
            "received",
        ),
        (
            {"receipt": ReceiptFact(date(2026, 3, 5), missing=((1, "A1"),), unexpected=("B2",))},
            "received_short",
        ),
        ({"receipt": ReceiptFact(date(2026, 3, 5), differences={2: "-0.5"})}, "received_short"),
        ({"receipt": ReceiptFact(date(2026, 3, 5), unexpected=("B2",))}, "received_over"),
        ({"receipt": ReceiptFact(date(2026, 3, 5), miskeyed=((1, "A1", "A2"),))}, "received"),
        (
            {"return_receipt": ReceiptFact(date(2026, 3, 5)), "checkpoints": WHOLE_WAY[:1]},
            "returned",
        ),
        ({"is_cancelled": True, "hold_orders": (HoldOrder(at(1), True),)}, "cancelled"),
    ],
)
def test_the_status_follows_from_the_facts(content, status):
    assert progress.shipment_status(facts(**content)) == status


@pytest.mark.parametrize(
    "ticks,state",
    [
        ((), "BRA"),
        ((tick("exit", 1, "held"),), "BRA"),
        ((tick("exit", 1),), None),
        ((tick("exit", 1), tick("transit_in", 2, "held")), "PRY"),
        ((tick("exit", 1), tick("transit_in", 2, "refused")), None),
        (WHOLE_WAY[:2], "PRY"),
        (WHOLE_WAY[:3], None),
        ((tick("exit", 3), tick("transit_in", 2)), "PRY"),
        (WHOLE_WAY, "BOL"),
    ],
)
def test_one_state_has_the_goods_or_none(ticks, state):
    assert progress.custody_state(facts(checkpoints=ticks)) == state


def test_nobody_has_the_goods_when_all_is_over():
    assert (
        progress.custody_state(facts(checkpoints=WHOLE_WAY, receipt=ReceiptFact(date(2026, 3, 5))))
        is None
    )


@pytest.mark.parametrize("count,stage", [(0, "exit"), (1, "transit_in"), (3, "entry"), (4, None)])
def test_the_next_stage_is_due(count, stage):
    due = progress.next_stage(EXPECTED, WHOLE_WAY[:count])
    assert due == (stage and (stage, at(STAGES.index(stage) + 1)))


def test_a_stage_that_was_passed_over_is_not_due_but_missing():
    ticks = (tick("transit_in", 2),)
    assert progress.next_stage(EXPECTED, ticks)[0] == "transit_out"
    assert kinds(facts(expected=EXPECTED, checkpoints=ticks), now=at(3)) == [
        ("missing_checkpoint", "exit")
    ]


def test_two_posts_of_one_stage_are_distinguished():
    steps = (
        ExpectedStage("transit_in", at(2), "a"),
        ExpectedStage("transit_in", at(4), "b"),
        ExpectedStage("entry", at(6)),
    )
    found = progress.match_stages(steps, [tick("transit_in", 3, post="b")])
    assert [passed is not None for _, passed in found] == [False, True, False]


def test_a_stage_ticked_at_another_post_is_ticked():
    steps = (ExpectedStage("exit", at(1), "a"), ExpectedStage("entry", at(2), "b"))
    assert progress.next_stage(steps, [tick("exit", 1, post="c")]) == ("entry", at(2))


def test_it_is_overdue_when_the_grace_is_over():
    known = facts(expected=EXPECTED, checkpoints=WHOLE_WAY[:3])
    due = at(4) + DAY
    assert progress.next_stage(EXPECTED, WHOLE_WAY[:3]) == ("entry", at(4))
    assert kinds(known, now=due) == []
    assert kinds(known, now=due + timedelta(seconds=1)) == [("overdue", "entry")]


@pytest.mark.parametrize(
    "more",
    [
        {"hold_orders": (HoldOrder(at(3, 13), True),)},
        {"incidents": (IncidentFact("theft", at(4), None, True),)},
        {"receipt": ReceiptFact(date(2026, 3, 5))},
    ],
)
def test_a_held_lost_or_received_shipment_is_not_overdue(more):
    known = facts(expected=EXPECTED[:3], checkpoints=WHOLE_WAY[:2], **more)
    assert "overdue" not in [kind for kind, _ in kinds(known)]


def test_a_late_shipment_stays_late_when_it_is_held():
    known = facts(
        expected=EXPECTED[:3], checkpoints=WHOLE_WAY[:2], hold_orders=(HoldOrder(at(6), True),)
    )
    assert "overdue" in [kind for kind, _ in kinds(known, now=at(7))]


def test_a_delay_moves_what_is_still_to_come():
    delayed = facts(
        expected=EXPECTED,
        checkpoints=WHOLE_WAY[:1],
        incidents=(IncidentFact("delay", at(1, 20), at(5)),),
    )
    assert [step.at for step in progress.rescheduled_stages(delayed)] == [
        at(1),
        at(5),
        at(6),
        at(7),
    ]


def test_new_expected_times_end_the_delays_before_them():
    amended = facts(
        expected=EXPECTED, expected_since=at(2), incidents=(IncidentFact("delay", at(1), at(9)),)
    )
    assert progress.rescheduled_stages(amended) == list(EXPECTED)


def test_a_shipment_without_a_doubt_has_none():
    assert (
        kinds(
            facts(expected=EXPECTED, checkpoints=WHOLE_WAY, receipt=ReceiptFact(date(2026, 3, 5)))
        )
        == []
    )


def test_nothing_is_doubted_of_what_was_cancelled():
    assert kinds(facts(expected=EXPECTED, is_cancelled=True)) == []


@pytest.mark.parametrize(
    "receipt,expected",
    [
        (
            {"missing": ((1, "A1"), (1, "A2"), (2, None))},
            [("short_receipt", "1"), ("short_receipt", "2")],
        ),
        ({"differences": {3: "-2", 4: "1"}}, [("short_receipt", "3"), ("over_receipt", "4")]),
        ({"unexpected": ("X1", "X2")}, [("over_receipt", "")]),
        (
            {"miskeyed": ((1, "A1", "A7"), (1, "A2", "A22"))},
            [("serial_mismatch", "1:A1"), ("serial_mismatch", "1:A2")],
        ),
    ],
)
def test_a_receipt_that_differs_is_doubted(receipt, expected):
    assert kinds(facts(receipt=ReceiptFact(date(2026, 3, 5), **receipt))) == expected


def test_of_what_is_missing_each_serial_is_named():
    [doubt] = doubts(facts(receipt=ReceiptFact(date(2026, 3, 5), missing=((1, "A1"), (1, "A2")))))
    assert doubt.data == {"line": 1, "missing": 2, "serials": ["A1", "A2"]}


def test_a_shipment_that_was_stolen_whole_is_short():
    known = facts(
        checkpoints=WHOLE_WAY[:1], incidents=(IncidentFact("theft", at(3), is_total=True),)
    )
    assert kinds(known) == [("short_receipt", "")]


SEALED = TransportPlan(None, seals=frozenset(["S1"]))


@pytest.mark.parametrize(
    "plans,read,found",
    [
        ((SEALED,), {"S1"}, []),
        ((SEALED,), {"S2"}, [("seal_mismatch", "transit_in:PRY")]),
        ((SEALED,), {"S1", "S2"}, [("seal_mismatch", "transit_in:PRY")]),
        ((SEALED, TransportPlan(at(3), seals=frozenset(["S2"]))), {"S2"}, []),
        (
            (SEALED, TransportPlan(at(1), seals=frozenset(["S2"]))),
            {"S1"},
            [("seal_mismatch", "transit_in:PRY")],
        ),
        ((TransportPlan(None),), {"S9"}, []),
    ],
)
def test_seals_are_those_declared_or_amended(plans, read, found):
    ticks = (tick("exit", 1), tick("transit_in", 2, seals=frozenset(read)))
    assert kinds(facts(plans=plans, checkpoints=ticks)) == found


def test_undeclared_seals_are_compared_with_the_first_that_were_read():
    ticks = (tick("exit", 1, seals=frozenset("A")), tick("entry", 4, seals=frozenset("B")))
    assert ("seal_mismatch", "entry:BOL") in kinds(
        facts(checkpoints=ticks, plans=(TransportPlan(None),))
    )


def test_seals_that_were_misread_are_corrected_by_the_next_tick_of_the_stage():
    wrong, right = (
        tick("transit_in", day, "held", seals=frozenset([seal]))
        for day, seal in ((2, "S2"), (3, "S1"))
    )
    known = facts(plans=(SEALED,), checkpoints=(tick("exit", 1), wrong))
    assert kinds(known) == [("seal_mismatch", "transit_in:PRY")]
    assert kinds(replace(known, checkpoints=(tick("exit", 1), wrong, right))) == []


PAPERS = (Decimal(120), Decimal(5120))


@pytest.mark.parametrize(
    "pieces,counted,found",
    [
        (PAPERS, (120,), []),
        (PAPERS, (5120,), []),
        (PAPERS, (None,), []),
        ((), (7,), []),
        (PAPERS, (119,), [("quantity_mismatch", "transit_in:PRY")]),
        (PAPERS, (0,), [("quantity_mismatch", "transit_in:PRY")]),
        (PAPERS, (119, 120), []),
        (PAPERS, (119, None), [("quantity_mismatch", "transit_in:PRY")]),
        (PAPERS, (120, 121), [("quantity_mismatch", "transit_in:PRY")]),
    ],
)
def test_what_is_counted_is_compared_with_the_papers_until_it_is_corrected(pieces, counted, found):
    result = tuple(tick("transit_in", day, pieces=count) for day, count in enumerate(counted, 2))
    assert kinds(facts(checkpoints=(tick("exit", 1), *result), expected_counts=pieces)) == found


def test_a_wrong_count_says_what_the_papers_name():
    [doubt] = doubts(
        facts(checkpoints=(tick("exit", 1, pieces=99),), expected_counts=(Decimal(100),))
    )
    assert doubt.data == {"stage": "exit", "state": "BRA", "counted": 99, "expected": 100}


def test_an_entry_without_an_exit_misses_it():
    assert kinds(facts(checkpoints=(tick("entry", 4),))) == [("missing_checkpoint", "exit:BRA")]


@pytest.mark.parametrize(
    "stages,missing",
    [
        (("exit", "transit_out"), "transit_in:PRY"),
        (("exit", "transit_in", "entry"), "transit_out:PRY"),
    ],
)
def test_a_transit_state_is_entered_and_left(stages, missing):
    ticks = tuple(tick(stage, day) for day, stage in enumerate(stages, 1))
    assert kinds(facts(checkpoints=ticks)) == [("missing_checkpoint", missing)]


def test_a_tick_at_a_post_that_is_not_of_the_route_is_doubted():
    plans = (
        TransportPlan(None, posts=frozenset(["a"])),
        TransportPlan(at(3), posts=frozenset(["b"])),
    )
    ticks = (tick("exit", 1, post="a"), tick("transit_in", 4, post="a"))
    assert kinds(facts(plans=plans, checkpoints=ticks)) == [("unauthorised_route", "transit_in:a")]


def test_a_tick_by_a_state_that_is_no_transit_state_is_doubted():
    known = facts(checkpoints=(tick("exit", 1), CheckpointFact("transit_in", "ARG", at(2))))
    assert ("unauthorised_route", "transit_in:ARG") in kinds(known)


@pytest.mark.parametrize(
    "more,is_expired",
    [
        ({}, True),
        ({"entered_on": date(2026, 3, 4)}, False),
        ({"entered_on": date(2026, 3, 6)}, True),
        ({"receipt": ReceiptFact(date(2026, 3, 5))}, False),
        ({"receipt": ReceiptFact(date(2026, 3, 6))}, True),
        ({"return_receipt": ReceiptFact(date(2026, 3, 8))}, False),
    ],
)
def test_what_left_arrives_before_the_permit_ends(more, is_expired):
    known = replace(facts(checkpoints=WHOLE_WAY[:1], **more), last_day=date(2026, 3, 5))
    assert (("expired_in_transit", "") in kinds(known)) == is_expired


def test_what_never_left_does_not_expire_in_transit():
    assert kinds(replace(facts(), last_day=date(2026, 3, 5))) == []


def test_goods_that_nobody_released_are_doubted():
    known = facts(is_released=False, receipt=ReceiptFact(date(2026, 3, 5)))
    assert kinds(known) == [("document_invalid", "")]


def test_a_licence_that_is_lacking_or_was_cancelled_is_doubted():
    lack, gone = (
        MissingLicence("BOL", "import", "missing"),
        MissingLicence("PRY", "in_transit", "cancelled", is_in_transit=True),
    )
    known = facts(checkpoints=WHOLE_WAY[:1], missing_licences=(lack, gone))
    assert kinds(known) == [
        ("document_invalid", "BOL:import"),
        ("permit_cancelled_in_transit", "PRY:in_transit"),
    ]


MOMENTS = st.integers(0, 240).map(lambda hour: at(1, 0) + timedelta(hours=hour))
POSTS = st.sampled_from([None, "a", "b"])
SEALS = st.sets(st.sampled_from(["S1", "S2"])).map(frozenset)
TICKS = st.builds(
    lambda stage, *more: CheckpointFact(stage, SIDES[stage], *more),
    st.sampled_from(STAGES),
    MOMENTS,
    st.sampled_from(["passed", "passed", "held", "refused"]),
    POSTS,
    SEALS,
    st.none() | st.integers(1, 3),
)
INCIDENTS = st.builds(
    IncidentFact,
    st.sampled_from(["delay", "theft", "refused_entry"]),
    MOMENTS,
    st.none() | MOMENTS,
    st.booleans(),
)
STOPS = st.builds(HoldOrder, MOMENTS, st.booleans())
STEPS = st.builds(ExpectedStage, st.sampled_from(STAGES), MOMENTS, POSTS)
PLANS = st.builds(
    TransportPlan, st.none() | MOMENTS, POSTS.map(lambda post: frozenset([post or "a"])), SEALS
)
KNOWN = st.builds(
    facts,
    expected=st.lists(STEPS, max_size=5).map(tuple),
    checkpoints=st.lists(TICKS, max_size=6).map(tuple),
    hold_orders=st.lists(STOPS, max_size=3).map(tuple),
    incidents=st.lists(INCIDENTS, max_size=3).map(tuple),
    plans=st.lists(PLANS, max_size=2, unique_by=lambda plan: plan.since).map(tuple),
    is_released=st.booleans(),
    expected_counts=st.sampled_from([(), (Decimal(2),)]),
)


@given(KNOWN, st.data())
def test_what_follows_from_the_facts_does_not_depend_on_their_order(known, data):
    names = ("expected", "checkpoints", "hold_orders", "incidents", "plans")
    mixed = {name: tuple(data.draw(st.permutations(getattr(known, name)))) for name in names}
    again = replace(known, **mixed)
    assert progress.shipment_status(again) == progress.shipment_status(known)
    assert progress.custody_state(again) == progress.custody_state(known)
    assert progress.rescheduled_stages(again) == progress.rescheduled_stages(known)
    steps = progress.rescheduled_stages(known)
    assert progress.next_stage(steps, again.checkpoints) == progress.next_stage(
        steps, known.checkpoints
    )
    assert by_key(doubts(again)) == by_key(doubts(known))


@given(KNOWN)
def test_to_tell_a_fact_twice_changes_no_status(known):
    twice = replace(known, checkpoints=known.checkpoints * 2, hold_orders=known.hold_orders * 2)
    assert progress.shipment_status(twice) == progress.shipment_status(known)
    assert progress.custody_state(twice) == progress.custody_state(known)


@given(KNOWN)
def test_a_doubt_appears_once(known):
    keys = [(doubt.kind, doubt.key) for doubt in doubts(known)]
    assert len(set(keys)) == len(keys)


@given(KNOWN)
def test_what_is_due_was_expected_and_nobody_ticked_it(known):
    steps = progress.rescheduled_stages(known)
    if due := progress.next_stage(steps, known.checkpoints):
        assert due in [(step.stage, step.at) for step in steps]
        assert not known.has_entered


def by_key(made):
    return {(doubt.kind, doubt.key): dict(doubt.data) for doubt in made}
