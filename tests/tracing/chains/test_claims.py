"""Claims that cannot hold beside what is recorded before them: they conclude nothing, and are shown."""

import pytest

from tests.support.chains import PERSON, built, event
from tests.tracing.chains.test_chains import POLICE


def names(events):
    return [(each["event"], each["state"]) for each in events]


def registered(on, state):
    return event("registration", on, state)


def test_two_states_that_both_claim_a_gun_contradict_each_other():
    found = built(registered("2021-01-01", "PRY"), registered("2022-01-01", "URY"))
    assert names(found.conflicts) == [("registration", "URY")]
    assert found.last_lawful["state"] == "PRY"
    assert found.outcome == "partly"
    assert str(found.objections["URY-registration-2022-01-01"]).startswith(
        "URY recorded it while it was in PRY"
    )
    assert any("contradict each other" in str(text) for text in found.missing)


def test_a_sale_of_what_another_state_destroyed_is_not_the_last_that_is_lawful():
    gone = event("destruction", "2021-01-01")
    found = built(gone, event("domestic_sale", "2022-01-01", "URY"))
    assert names(found.conflicts) == [("domestic_sale", "URY")]
    assert (found.last_lawful, found.time_to_crime_days) == (gone, None)
    assert found.point_of_diversion["after"] == gone["record"]
    assert str(*found.objections.values()) == (
        "It was destroyed by then: PRY recorded so on 2021-01-01."
    )


@pytest.mark.parametrize(("state", "outcome"), [("URY", "partly"), ("PRY", "traced")])
def test_a_theft_stays_the_point_of_diversion_whatever_is_registered_after_it(state, outcome):
    """Who held it last is disputed only where another state has a holder of its own."""
    theft = event("theft", "2021-06-01", stolen_from="private")
    found = built(registered("2021-01-01", "PRY"), theft, registered("2022-01-01", state))
    assert names(found.conflicts) == [("registration", state)]
    assert found.point_of_diversion["before"] == theft["record"]
    assert found.outcome == outcome
    assert "no recovery of it is recorded" in str(*found.objections.values())


EXPORT = event("export", "2021-06-01", counterpart_state="URY")
IMPORT = event("import", "2021-06-03", "URY", counterpart_state="PRY")


@pytest.mark.parametrize(
    "between",
    [
        [EXPORT, IMPORT],
        [EXPORT],
        [IMPORT],
        [EXPORT | {"counterpart_state": None}],
        [event("seized", "2021-06-01", "BRA")],
        [event("recovery", "2021-06-01", "URY")],
        [event("theft", "2021-05-01"), event("recovery", "2021-06-01", "URY")],
        [event("theft", "2021-05-01"), event("seized", "2021-06-01", "URY")],
        [event("theft", "2021-05-01", stolen_from="shipment"), IMPORT],
    ],
)
def test_a_gun_that_came_to_another_state_is_recorded_there_without_contradiction(between):
    found = built(registered("2021-01-01", "PRY"), *between, registered("2022-01-01", "URY"))
    assert found.conflicts == []
    assert found.last_lawful["state"] == "URY"


def test_a_gun_is_sold_elsewhere_than_it_was_made():
    made = event("manufacture", "2020-01-01", "BRA", "manufacturer")
    assert built(made, event("domestic_sale", "2021-01-01")).time_to_crime_days is not None


@pytest.mark.parametrize("kind", ["destruction", "deactivation"])
def test_a_stolen_gun_that_is_put_out_of_use_was_found(kind):
    assert built(event("theft", "2021-05-01"), event(kind, "2022-01-01", "URY")).conflicts == []


def test_one_destruction_that_is_recorded_twice_is_no_contradiction():
    assert built(*[event("destruction", on) for on in ("2021-05-01", "2021-05-02")]).conflicts == []


SHIPPED = event("export", "2021-06-01", "USA", "police", counterpart_state="HND")


@pytest.mark.parametrize(
    "giver,reached,outcome",
    [
        ("manufacturer", "manufacturer", "partly"),
        ("dealer", "dealer", "partly"),
        ("individual", "last_holder", "partly"),
        ("government", "last_holder", "partly"),
    ],
)
def test_an_export_reaches_whoever_gave_the_gun(giver, reached, outcome):
    found = built(SHIPPED | {"giver": {"id": "g", "kind": giver}})
    assert (found.reached, found.outcome) == (reached, outcome)


def test_an_export_by_nobody_who_is_known_reached_nobody():
    assert built(SHIPPED).reached is None


SOLD = event("domestic_sale", "2024-05-06", serial="WRKX482") | {"receiver": PERSON}
OTHER = event("state_issue", "2024-01-01", serial="WRKX501") | {"receiver": POLICE}


def test_the_time_to_crime_of_one_candidate_is_not_that_of_all():
    found = built(SOLD, OTHER)
    assert (found.ambiguous, found.time_to_crime_days) == (True, None)
    assert [each["time_to_crime_days"] for each in found.candidates] == [None, 664]


def test_candidates_that_were_all_sold_on_one_day_have_one_time_to_crime():
    found = built(SOLD, SOLD | {"record": "other", "serial": "WRKX501"})
    assert (found.ambiguous, found.time_to_crime_days) == (True, 664)
