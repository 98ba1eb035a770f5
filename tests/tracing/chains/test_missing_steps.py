"""Chains that do not reach their end: why, what is missing, and what would take them further."""

import pytest

from salsa_ext.tracing.chains.answers import ChainLeg
from salsa_ext.tracing.chains.chain import build_chain
from tests.support.chains import FOUND, GUN, RETAIL, SALE, WHOLESALE, built, event


def test_of_a_trace_for_which_nobody_was_asked_yet_nothing_is_said():
    assert build_chain([], FOUND, "BRA", GUN).outcome == "pending"


def test_nothing_known_and_nobody_to_wait_for_is_no_record():
    found = built()
    assert (found.outcome, found.scope, found.failure_reason) == ("no_record", None, None)


@pytest.mark.parametrize(
    "status,reason,outcome",
    [
        ("partial", "too_old", "not_searched"),
        ("no_record", "too_old", "not_searched"),
        ("no_record", "records_lost", "not_searched"),
        ("partial", "dealer_defunct", "partly"),
        ("answered", None, "partly"),
    ],
)
def test_a_reply_that_is_none_of_no_record_does_not_end_as_one(status, reason, outcome):
    legs = [ChainLeg("BRA", "no_record"), ChainLeg("USA", status, failure_reason=reason)]
    found = build_chain(legs, FOUND, "BRA", {"serial": "X1", "year": 1950})
    assert (found.outcome, found.failure_reason) == (outcome, reason)


@pytest.mark.parametrize("status", ["not_participating", "withdrawn", "refused"])
def test_what_a_state_was_not_searched_for_is_never_no_record(status):
    legs = [ChainLeg("BRA", "no_record"), ChainLeg("USA", status)]
    assert build_chain(legs, FOUND, "BRA", GUN).outcome == "not_searched"


@pytest.mark.parametrize(
    "is_form_pending,text",
    [
        (
            True,
            "The answer of USA, which does not use this service: send it the form by another channel.",
        ),
        (
            False,
            "The registers of USA: it takes part with none, so none was searched. Ask them on paper,"
            " and write down what they answer.",
        ),
    ],
)
def test_the_next_step_for_a_state_that_takes_no_part_is_shown(is_form_pending, text):
    legs = [ChainLeg("USA", "not_participating", is_form_pending=is_form_pending)]
    assert [str(each) for each in build_chain(legs, FOUND, "BRA", GUN).missing] == [text]


def test_nothing_known_yet_is_pending():
    found = built(waiting=["ARG"])
    assert (found.outcome, found.failure_reason) == ("pending", None)
    assert [str(text) for text in found.missing] == ["The answer of ARG."]


@pytest.mark.parametrize(
    "takes_part,reason",
    [([False], "not_participating"), ([False, True], "no_response"), ([True], "no_response")],
)
def test_a_state_that_takes_no_part_does_not_count_as_silent(takes_part, reason):
    legs = [
        ChainLeg(f"X{n}", "sent", participates=part, is_late=True)
        for n, part in enumerate(takes_part)
    ]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason == reason


@pytest.mark.parametrize("is_to_send", [True, False])
def test_that_a_state_takes_no_part_is_no_reason_while_its_form_waits_or_was_just_sent(is_to_send):
    legs = [ChainLeg("AUT", "sent", participates=False, is_form_pending=is_to_send)]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason is None


@pytest.mark.parametrize(
    "status,is_late,reason",
    [
        ("sent", False, None),
        ("deferred", True, "no_response"),
        ("withdrawn", True, "no_response"),
        ("withdrawn", False, None),
    ],
)
def test_a_state_kept_silent_once_its_time_is_over_or_the_trace_ended(status, is_late, reason):
    legs = [ChainLeg("ARG", status, is_late=is_late)]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason == reason


@pytest.mark.parametrize(
    "events,status,reason",
    [
        ([], "no_record", "records_lost"),
        ([WHOLESALE], "partial", "records_lost"),
        ([RETAIL], "partial", None),
    ],
)
def test_a_state_says_why_it_knows_no_more(events, status, reason):
    legs = [ChainLeg("ARG", status, events, failure_reason="records_lost")]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason == reason


@pytest.mark.parametrize("status", ["sent", "refused", "forwarded"])
def test_why_a_state_knows_no_more_is_no_reason_while_another_way_is_open(status):
    legs = [ChainLeg("DEU", "no_record", failure_reason="records_lost"), ChainLeg("AUT", status)]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason is None
    for ended in ("no_record", "withdrawn"):
        legs = [legs[0], ChainLeg("AUT", ended)]
        assert build_chain(legs, FOUND, "BRA", GUN).failure_reason == "records_lost"


def test_a_state_that_named_another_which_was_asked_is_no_open_way_any_more():
    legs = [
        ChainLeg("DEU", "no_record", failure_reason="records_lost"),
        ChainLeg("AUT", "forwarded", referred_to="DEU"),
    ]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason == "records_lost"


@pytest.mark.parametrize(
    "gun,events,reason",
    [
        ({"year": 2025}, [], None),
        ({"year": 2007}, [], None),
        ({"year": 1990}, [], "too_old"),
        ({}, [], "too_old"),
        ({}, [event("manufacture", "2024-01-01")], None),
        ({}, [event("manufacture", "1980-01-01")], "too_old"),
    ],
)
def test_a_gun_is_not_too_old_of_which_every_state_keeps_its_records(gun, events, reason):
    legs = [ChainLeg("PRY", "partial" if events else "no_record", events, failure_reason="too_old")]
    assert build_chain(legs, FOUND, "BRA", GUN | gun).failure_reason == reason


@pytest.mark.parametrize(
    "status,text",
    [
        ("clarification", "The answer of ARG, which asks something first: reply to it."),
        ("partial", "What ARG left out of its answer."),
        ("refused", "The answer of ARG, which refused."),
        ("forwarded", "The answer of the state that ARG named."),
        ("withdrawn", "The answer of ARG: it had given none when the request was withdrawn."),
    ],
)
def test_what_a_state_keeps_back_is_missing(status, text):
    found = build_chain(
        [ChainLeg("PRY", "answered", [SALE]), ChainLeg("ARG", status)], FOUND, "BRA", GUN
    )
    assert [str(each) for each in found.missing] == [text]


@pytest.mark.parametrize(
    ("state", "place", "step"),
    [
        ("USA", "in the {state}", "out-of-business records"),
        ("ARG", "in {state}", "the authority that licensed it"),
    ],
)
def test_of_a_dealer_out_of_business_the_next_step_is_said(state, place, step):
    leg = ChainLeg(state, "partial", failure_reason="dealer_defunct")
    [text] = texts(build_chain([leg], FOUND, "BRA", GUN))
    assert text.startswith(f"Who bought the gun from a dealer {place}") and step in text


@pytest.mark.parametrize(
    "gun,reason",
    [
        ({"marking": "obliterated"}, "obliterated"),
        ({"marking": "unknown"}, "incomplete_request"),
        ({"serial": "ABC123456"}, "incomplete_request"),
    ],
)
def test_a_failure_says_its_reason(gun, reason):
    assert built(gun=gun).failure_reason == reason


@pytest.mark.parametrize(
    "expected", [{"country_of_manufacture": "BRA"}, {"marks": [{"kind": "import", "state": "PRY"}]}]
)
def test_an_import_mark_is_as_good_as_the_country_of_manufacture(expected):
    origin = "The country of manufacture, or the import mark."
    gun = {"serial": "ABC123456", "marks": [{"kind": "proof", "state": "BEL"}]}
    assert origin in map(str, built(gun=gun).missing)
    assert origin not in map(str, built(gun=gun | expected).missing)


@pytest.mark.parametrize("kind", ["manufacture", "import"])
def test_a_chain_that_begins_where_the_gun_came_from_lacks_no_origin(kind):
    origin = "The country of manufacture, or the import mark."
    gun = GUN | {"country_of_manufacture": None}
    assert origin in map(str, built(SALE, gun=gun).missing)
    assert origin not in map(str, built(event(kind, "2024-01-01"), SALE, gun=gun).missing)


def test_the_next_step_is_named():
    missing = [str(text) for text in built(gun={"serial": "ABC123456"}).missing]
    assert "The make: serials repeat between makers." in missing
    assert not any("serial, from the frame" in text for text in missing)


def test_of_a_draft_nothing_failed():
    for gun in (GUN, {"serial": "T?A5"}, {"serial": None, "marking": "obliterated"}):
        assert build_chain([], FOUND, "BRA", gun).failure_reason is None


def test_why_one_state_knows_nothing_is_no_failure_of_what_was_traced_to_a_buyer():
    sales = [event("domestic_sale", on, "PRY") for on in ("2024-01-01", "2024-06-01")]
    stranger = ChainLeg("DEU", "no_record", failure_reason="too_old", participates=False)
    found = build_chain([ChainLeg("PRY", "answered", sales), stranger], FOUND, "BRA", GUN)
    assert (found.outcome, found.failure_reason) == ("partly", None)
    named = [event("import", "2023-01-01", "PRY", counterpart_state="DEU"), *sales]
    found = build_chain([ChainLeg("PRY", "answered", named), stranger], FOUND, "BRA", GUN)
    assert found.failure_reason == "too_old"


def test_a_state_that_named_another_is_not_missed_once_that_one_is_asked():
    named = ChainLeg("PRY", "forwarded", referred_to="CHL")
    body = "The answer of the state that {state} named."
    assert body in texts(build_chain([named], FOUND, "BRA", GUN))
    assert body not in texts(build_chain([named, ChainLeg("CHL", "no_record")], FOUND, "BRA", GUN))


@pytest.mark.parametrize("status", ["forwarded", "withdrawn"])
@pytest.mark.parametrize("states", [("PRY", "CHL"), ("PRY", "CHL", "URY")])
def test_states_that_name_each_other_have_not_answered(states, status):
    named = [
        ChainLeg(state, status, referred_to=named)
        for state, named in zip(states, (*states[1:], states[0]), strict=True)
    ]
    legs = [*named, ChainLeg("DEU", "forwarded", referred_to="PRY"), ChainLeg("AUT", "no_record")]
    assert [str(each) for each in build_chain(legs, FOUND, "BRA", GUN).missing] == [
        f"The answer of {leg.state}, which named {leg.referred_to}: that leads back to {leg.state}."
        for leg in named
    ]


def test_why_a_state_knows_no_more_is_no_reason_while_others_name_each_other():
    legs = [
        ChainLeg("DEU", "no_record", failure_reason="records_lost"),
        ChainLeg("PRY", "forwarded", referred_to="CHL"),
        ChainLeg("CHL", "forwarded", referred_to="PRY"),
    ]
    assert build_chain(legs, FOUND, "BRA", GUN).failure_reason is None


def test_a_deferral_says_until_when():
    put_off = ChainLeg("PRY", "deferred", until="2026-04-01")
    [missing] = [
        each for each in build_chain([put_off], FOUND, "BRA", GUN).missing if "put off" in each.text
    ]
    assert str(missing) == "The answer of PRY, put off to 2026-04-01."


def test_an_answer_before_a_withdrawal_counts_as_partial():
    found = build_chain([ChainLeg("PRY", "withdrawn", [SALE])], FOUND, "BRA", GUN)
    assert texts(found) == ["What {state} left out of its answer."]


def texts(found):
    return [each.text for each in found.missing]


@pytest.mark.parametrize(
    "status,is_told",
    [
        ("sent", False),
        ("deferred", False),
        ("refused", False),
        ("forwarded", False),
        ("withdrawn", False),
        ("no_record", True),
        ("answered", True),
    ],
)
def test_that_a_gun_never_arrived_is_not_concluded_before_its_importer_has_answered(
    status, is_told
):
    export = event(
        "export", "2025-01-01", "BRA", counterpart_state="PRY", shipment_status="overdue"
    )
    found = build_chain(
        [ChainLeg("BRA", "answered", [export]), ChainLeg("PRY", status)], FOUND, "ARG", GUN
    )
    assert (found.point_of_diversion is not None) == is_told


def test_that_one_state_knows_nothing_is_no_reason_while_another_has_time_to_answer():
    stranger = ChainLeg("DEU", "no_record", failure_reason="too_old", participates=False)
    waits = ChainLeg("URY", "sent")
    assert build_chain([stranger, waits], FOUND, "BRA", GUN).failure_reason is None
    assert build_chain([stranger], FOUND, "BRA", GUN).failure_reason == "too_old"


def test_a_chain_is_not_cut_short_by_a_state_that_is_not_in_it():
    stranger = ChainLeg("DEU", "no_record", failure_reason="too_old", participates=False)
    imported = event("import", "2025-01-01", "PRY", "dealer", counterpart_state="BRA")
    found = build_chain([ChainLeg("PRY", "answered", [imported]), stranger], FOUND, "ARG", GUN)
    assert (found.outcome, found.failure_reason) == ("partly", None)


@pytest.mark.parametrize("model,expected", [("G2C", "A surer reading"), ("PT92", "Something that")])
def test_what_would_tell_candidates_apart_is_what_they_differ_in(model, expected):
    result = [
        event("domestic_sale", f"2024-01-0{n}", serial=f"TKA5238{n}", make="taurus", model=kind)
        for n, kind in ((1, "G2C"), (2, model))
    ]
    assert str(built(*result).missing[-1]).startswith(expected)
