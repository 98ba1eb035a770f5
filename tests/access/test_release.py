"""What may go to whom, case by case, against a table that is written here and not derived."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from salsa_ext.access.release import (
    FINDER_VISIBILITIES,
    Decision,
    GrantedUse,
    Reader,
    Statement,
    Use,
    decide_release,
)
from salsa_ext.core.codes import FIELD_GROUPS

ON = date(2026, 3, 9)
HANDLING = ("H0", "H1", "H2", "H3")
GROUPS = (
    "holder",
    "likeness",
    "firearm",
    "event",
    "document",
    "parties",
    "firms",
    "persons",
    "place",
    "remarks",
    "shipment",
)
AT_WORK = (
    "licensing_officer",
    "police_officer",
    "forensic_examiner",
    "trace_analyst",
    "border_officer",
    "supervisor",
    "operator",
)
NO = {
    "ask_owner",
    "silent",
    "named_on_request",
    "concerned_alone",
    "purpose_missing",
    "not_for_role",
    "ask_for_court",
    "ask_for_onward",
}
YES = {"own", "open", "concerns", "pointer", "consented", "notified"}

READ_ALL = ("holder", "likeness", "firearm", "event", "document", "parties", "firms")
KEPT = ("place", "remarks", "shipment")


def row(read, persons, kept):
    return dict.fromkeys(READ_ALL, read) | {"persons": persons} | dict.fromkeys(KEPT, kept)


TABLE = {
    "own": row("own", "own", "own"),
    "open": row("open", "named_on_request", "concerned_alone"),
    "pointer": row("ask_owner", "ask_owner", "ask_owner") | {"holder": "pointer"},
    "silent": row("silent", "silent", "silent"),
    "concerned, open": row("concerns", "named_on_request", "concerns"),
    "concerned, pointer": row("concerns", "named_on_request", "concerns"),
    "concerned, silent": row("concerns", "named_on_request", "concerns"),
    "paper": row("concerns", "concerns", "concerns"),
    "paper of others": row("silent", "silent", "silent"),
}
SAID = {
    "own": Statement("BRA"),
    "open": Statement("PRY"),
    "pointer": Statement("PRY", "pointer"),
    "silent": Statement("PRY", "silent"),
    "concerned, open": Statement("PRY", concerns=True),
    "concerned, pointer": Statement("PRY", "pointer", concerns=True),
    "concerned, silent": Statement("PRY", "silent", concerns=True),
    "paper": Statement("PRY", concerns=True, is_paper=True),
    "paper of others": Statement("PRY", is_paper=True),
}


def reader(**changes):
    given = {
        "state": "BRA",
        "role": "police_officer",
        "on": ON,
        "purpose": "investigation",
        "case_number": "C-1",
    }
    return Reader(**given | changes)


def granted(use, **changes):
    return GrantedUse(**{"use": use, "case_number": "C-1", "until": ON} | changes)


def answer(code):
    assert code in YES | NO
    return Decision(code in YES, code)


def test_the_table_says_something_of_every_group():
    assert GROUPS == FIELD_GROUPS
    assert all(value.keys() == set(FIELD_GROUPS) for value in TABLE.values())


@pytest.mark.parametrize("row", TABLE)
def test_what_is_read_is_what_the_table_says(row):
    for role, handling, group in product(AT_WORK, HANDLING, GROUPS):
        statement = replace(SAID[row], handling=handling)
        assert decide_release(group, statement, reader(role=role)) == answer(TABLE[row][group])


@pytest.mark.parametrize("group", ["owner", "unforeseen"])
def test_a_group_that_is_not_declared_is_the_owners_alone(group):
    decided = {row: decide_release(group, statement, reader()) for row, statement in SAID.items()}
    assert decided.pop("own") == Decision(True, "own")
    assert {*decided.values()} == {Decision(False, "owner_alone")}


@pytest.mark.parametrize("role", ["state_administrator", "auditor", "secretariat", "visitor"])
def test_no_other_role_is_given_anything_of_another_state(role):
    for name, group in product(TABLE.keys() - {"own"}, GROUPS):
        assert decide_release(group, SAID[name], reader(role=role)) == answer("not_for_role")


def test_who_has_no_state_is_given_nothing():
    for row, group in product(TABLE, GROUPS):
        assert decide_release(group, SAID[row], reader(state=None)) == answer("not_for_role")


@pytest.mark.parametrize("row", ["open", "concerned, open", "concerned, silent"])
@pytest.mark.parametrize("group", GROUPS)
def test_without_a_purpose_a_record_says_only_that_it_may_be_of_the_same_gun(row, group):
    decided = decide_release(group, SAID[row], reader(purpose=None))
    if group in ("holder", "likeness"):
        assert decided == answer(TABLE[row][group])
    else:
        assert decided == answer("purpose_missing")


@pytest.mark.parametrize("group", GROUPS)
def test_a_paper_is_read_without_a_purpose_by_the_states_that_it_concerns(group):
    assert decide_release(group, SAID["paper"], reader(purpose=None)) == answer("concerns")


@pytest.mark.parametrize("row", ["pointer", "silent"])
@pytest.mark.parametrize("group", GROUPS)
def test_a_purpose_shows_nothing_that_is_hidden(row, group):
    assert decide_release(group, SAID[row], reader(purpose=None)) == answer(TABLE[row][group])


NAMED = [
    ("police_officer", "seizure"),
    ("police_officer", "investigation"),
    ("trace_analyst", "seizure"),
    ("trace_analyst", "investigation"),
    ("supervisor", "seizure"),
    ("supervisor", "investigation"),
    ("operator", "seizure"),
    ("operator", "investigation"),
]


@pytest.mark.parametrize("role", AT_WORK)
@pytest.mark.parametrize(
    "purpose", ["street", "border", "seizure", "licensing", "investigation", "stock"]
)
@pytest.mark.parametrize("row", ["open", "concerned, open", "concerned, silent"])
def test_with_consent_private_persons_are_named_to_who_investigates(row, role, purpose):
    asking = reader(role=role, purpose=purpose)
    decided = decide_release("persons", SAID[row], asking, consents=[granted("names")])
    assert decided == answer("consented" if (role, purpose) in NAMED else "named_on_request")


@pytest.mark.parametrize("row", ["pointer", "silent", "paper of others"])
def test_consent_to_names_opens_no_record_that_is_hidden(row):
    decided = decide_release("persons", SAID[row], reader(), consents=[granted("names")])
    assert decided == answer(TABLE[row]["persons"])


@pytest.mark.parametrize("group", [group for group in GROUPS if group != "persons"])
def test_consent_to_names_is_for_persons_alone(group):
    decided = decide_release(group, SAID["open"], reader(), consents=[granted("names")])
    assert decided == answer(TABLE["open"][group])


AMISS = {
    "another case": {"case_number": "C-2"},
    "expired": {"until": date(2026, 3, 8)},
    "to a third state": {"to": "URY"},
    "another use": {"use": "compelled"},
}


@pytest.mark.parametrize("amiss", AMISS.values(), ids=AMISS)
def test_a_consent_that_is_not_this_one_names_nobody(amiss):
    decided = decide_release(
        "persons", SAID["open"], reader(), consents=[granted(**{"use": "names"} | amiss)]
    )
    assert decided == answer("named_on_request")


@pytest.mark.parametrize("until", [ON, date(2026, 3, 10), date(2027, 1, 1)])
def test_a_consent_stands_through_its_last_day(until):
    decided = decide_release(
        "persons", SAID["open"], reader(), consents=[granted("names", until=until)]
    )
    assert decided == answer("consented")


def test_a_consent_is_found_among_others():
    several = [granted("names", case_number="C-2"), granted("names"), granted("court")]
    assert decide_release("persons", SAID["open"], reader(), consents=several) == answer(
        "consented"
    )


def test_half_of_two_consents_is_no_consent():
    halves = [granted("names", case_number="C-2"), granted("court")]
    assert decide_release("persons", SAID["open"], reader(), consents=halves) == answer(
        "named_on_request"
    )


COURT, URY = Use("court"), Use("onward", "URY")


@pytest.mark.parametrize(
    "handling,code",
    [("H0", "open"), ("H1", "ask_for_court"), ("H2", "ask_for_court"), ("H3", "ask_for_court")],
)
def test_what_is_handled_for_its_purpose_alone_may_go_to_court_and_no_other(handling, code):
    assert decide_release(
        "firearm", Statement("PRY", handling=handling), reader(), COURT
    ) == answer(code)


def test_what_concerns_a_state_goes_to_court_by_the_same_rule():
    result = Statement("PRY", handling="H0", concerns=True)
    assert decide_release("firearm", result, reader(), COURT) == answer("concerns")
    assert decide_release("firearm", SAID["concerned, open"], reader(), COURT) == answer(
        "ask_for_court"
    )


@pytest.mark.parametrize(
    "use,code",
    [
        ("court", "consented"),
        ("compelled", "notified"),
        ("names", "ask_for_court"),
        ("onward", "ask_for_court"),
    ],
)
@pytest.mark.parametrize("handling", ["H1", "H2", "H3"])
def test_with_consent_it_goes_to_court_and_by_force_of_law_after_notice(handling, use, code):
    result = Statement("PRY", handling=handling)
    assert decide_release("firearm", result, reader(), COURT, [granted(use)]) == answer(code)


@pytest.mark.parametrize("amiss", AMISS.values(), ids=AMISS)
@pytest.mark.parametrize("use", ["court", "compelled"])
def test_another_consent_opens_no_court(use, amiss):
    given = granted(**{"use": use} | amiss | ({"use": "names"} if "use" in amiss else {}))
    assert decide_release("firearm", SAID["open"], reader(), COURT, [given]) == answer(
        "ask_for_court"
    )


def test_consent_stands_before_notice():
    both = [granted("compelled"), granted("court")]
    assert decide_release("firearm", SAID["open"], reader(), COURT, both) == answer("consented")


@pytest.mark.parametrize("handling", ["H0", "H1", "H2", "H3"])
@pytest.mark.parametrize("row", ["open", "concerned, open", "paper"])
def test_nothing_is_passed_on_without_the_origins_consent(row, handling):
    result = Statement(**vars(SAID[row]) | {"handling": handling})
    assert decide_release("firearm", result, reader(), URY) == answer("ask_for_onward")
    given = [granted("onward", to="URY")]
    assert decide_release("firearm", result, reader(), URY, given) == answer("consented")


@pytest.mark.parametrize(
    "given",
    [
        granted("onward", to="ARG"),
        granted("onward"),
        granted("court", to="URY"),
        granted("onward", to="URY", case_number="C-2"),
        granted("onward", to="URY", until=date(2026, 3, 8)),
    ],
)
def test_another_consent_passes_nothing_on(given):
    assert decide_release("firearm", SAID["open"], reader(), URY, [given]) == answer(
        "ask_for_onward"
    )


@pytest.mark.parametrize("use", [COURT, URY])
@pytest.mark.parametrize(
    "group,row",
    [("persons", "open"), ("place", "open"), ("firearm", "pointer"), ("firearm", "silent")],
)
def test_what_may_not_be_read_goes_nowhere_else(use, group, row):
    all_given = [granted("court"), granted("onward", to="URY"), granted("compelled")]
    assert decide_release(group, SAID[row], reader(), use, all_given) == answer(TABLE[row][group])


@pytest.mark.parametrize("use", [COURT, URY])
def test_a_states_own_words_are_its_own_for_every_use(use):
    assert decide_release("persons", SAID["own"], reader(role="auditor"), use) == answer("own")


def test_records_are_open_and_handled_with_care_by_default():
    assert vars(Statement("PRY")) == {
        "owner": "PRY",
        "visibility": "open",
        "handling": "H1",
        "concerns": False,
        "is_paper": False,
    }


def test_what_a_search_shows_a_finder_is_what_he_may_read():
    assert dict(FINDER_VISIBILITIES) == {
        "holder": {"open", "pointer"},
        "likeness": {"open"},
        "firearm": {"open"},
        "event": {"open"},
        "document": {"open"},
        "parties": {"open"},
        "firms": {"open"},
        "persons": set(),
        "place": set(),
        "remarks": set(),
        "shipment": set(),
    }
