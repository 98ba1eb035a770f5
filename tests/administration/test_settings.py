"""Settings of a state: its own to change, by version, and there for the service to go by."""

import pytest

from salsa_ext.administration import settings
from salsa_ext.core.errors import StaleVersion
from salsa_ext.reference import state_settings
from salsa_ext.reference.state_settings import Settings, SettingsChange

DEFAULTS = {
    "state": "PRY",
    "version": 0,
    "counterpart_days": 30,
    "overdue_hours": 24,
    "electronic_copies_with": [],
    "electronic_copies_agreed": [],
    "answers_automatically": True,
    "flash_minutes": 10,
    "urgent_hours": 8,
    "priority_days": 3,
    "routine_days": 7,
    "weekdays": [1, 2, 3, 4, 5],
    "closed_on": [],
    "open_on": [],
    "trace_approval": "none",
    "authority_name": "",
    "lookup_percent": 100,
    "equivalent_years": 4,
    "published_roles": [],
    "yearly_totals": True,
    "second_person": [],
}


def change(client, body, version=0, expect=200):
    return client.post("/settings", body, expect, If_Match=f'"{version}"').json


def test_a_state_that_set_nothing_has_the_defaults(pry_administrator):
    answer = pry_administrator.get("/settings")
    assert answer.json == DEFAULTS
    assert answer.headers["ETag"].startswith('"0.en.')


def test_only_what_is_given_is_changed(pry_administrator):
    first = change(pry_administrator, {"overdue_hours": 12})
    assert first == DEFAULTS | {"version": 1, "overdue_hours": 12}
    second = change(
        pry_administrator, {"counterpart_days": 7, "electronic_copies_with": ["BRA"]}, 1
    )
    assert second == first | {
        "version": 2,
        "counterpart_days": 7,
        "electronic_copies_with": ["BRA"],
    }
    assert pry_administrator.get("/settings").json == second


def test_the_list_of_states_is_given_anew_and_can_be_emptied(pry_administrator):
    change(pry_administrator, {"electronic_copies_with": ["URY", "BRA"]})
    assert change(pry_administrator, {}, 1)["electronic_copies_with"] == ["BRA", "URY"]
    assert (
        change(pry_administrator, {"electronic_copies_with": []}, 1)["electronic_copies_with"] == []
    )


def test_an_equal_value_makes_no_version(pry_administrator, as_actor):
    change(pry_administrator, {"overdue_hours": 12})
    assert change(pry_administrator, {"overdue_hours": 12}, 1)["version"] == 1
    assert len(as_actor("PRY", "auditor").get("/audit?action=setting:changed").json["items"]) == 1


def test_a_change_wants_the_version_that_was_read(pry_administrator):
    pry_administrator.post("/settings", {"overdue_hours": 12}, 428)
    etag = pry_administrator.get("/settings").headers["ETag"]
    pry_administrator.post("/settings", {"overdue_hours": 12}, 200, If_Match=etag)
    stale = pry_administrator.post("/settings", {"overdue_hours": 9}, 412, If_Match=etag)
    assert stale.json["code"] == "stale_version"
    assert pry_administrator.get("/settings").json["overdue_hours"] == 12


def test_a_command_compares_the_version_again(run):
    run("PRY", settings.change_settings, data=SettingsChange(overdue_hours=1), expected_version=0)
    with pytest.raises(StaleVersion):
        run(
            "PRY",
            settings.change_settings,
            data=SettingsChange(overdue_hours=2),
            expected_version=0,
        )


@pytest.mark.parametrize(
    "body,path,expected",
    [
        ({"electronic_copies_with": ["BRA", "PRY"]}, "electronic_copies_with.1", "your own"),
        ({"electronic_copies_with": ["FRA"]}, "electronic_copies_with.0", "not a participating"),
        ({"electronic_copies_with": ["XXX"]}, "electronic_copies_with.0", "no country XXX"),
        ({"electronic_copies_with": ["BRA", "BRA"]}, "electronic_copies_with.1", "appears twice"),
        ({"electronic_copies_with": "BRA"}, "electronic_copies_with", "list"),
        ({"counterpart_days": 0}, "counterpart_days", "From 1 to 366"),
        ({"counterpart_days": 367}, "counterpart_days", "From 1 to 366"),
        ({"counterpart_days": "30"}, "counterpart_days", "without quotes"),
        ({"overdue_hours": -1}, "overdue_hours", "From 0 to 720"),
        ({"overdue_hours": None}, "overdue_hours", "not null"),
        ({"flash_minutes": 0}, "flash_minutes", "From 1 to 60"),
        ({"urgent_hours": 25}, "urgent_hours", "From 1 to 24"),
        ({"priority_days": 15}, "priority_days", "From 1 to 14"),
        ({"routine_days": 31}, "routine_days", "From 1 to 30"),
        ({"weekdays": []}, "weekdays", "at least one day of the week"),
        ({"weekdays": [1, 8]}, "weekdays.1", "From 1 to 7"),
        ({"weekdays": [1, 1]}, "weekdays.1", "1 appears twice"),
        ({"closed_on": ["2026-12-24", "2026-12-24"]}, "closed_on.1", "2026-12-24 appears twice"),
        ({"open_on": ["24/12/2026"]}, "open_on.0", "date"),
        ({"grace": 3}, "grace", "no such field"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(
    pry_administrator, body, path, expected
):
    errors = change(pry_administrator, {"overdue_hours": 5} | body, 0, 422)["errors"]
    assert list(errors) == [path] and expected in str(errors[path])
    assert pry_administrator.get("/settings").json == DEFAULTS


def test_electronic_copies_are_agreed_where_both_states_say_so(pry_administrator, as_actor):
    change(pry_administrator, {"electronic_copies_with": ["ARG", "BRA"]})
    assert not state_settings.accept_electronic_copies("PRY", "BRA")
    change(as_actor("BRA", "state_administrator"), {"electronic_copies_with": ["PRY"]})
    assert state_settings.accept_electronic_copies(
        "PRY", "BRA"
    ) and state_settings.accept_electronic_copies("BRA", "PRY")
    assert not state_settings.accept_electronic_copies("PRY", "ARG")
    assert pry_administrator.get("/settings").json["electronic_copies_agreed"] == ["BRA"]


def test_a_state_reads_its_own_settings_alone(pry_administrator, as_actor):
    change(pry_administrator, {"overdue_hours": 12})
    theirs = as_actor("BRA", "licensing_officer").get("/settings").json
    assert (theirs["state"], theirs["overdue_hours"]) == ("BRA", 24)


def test_the_settings_of_many_states_are_one_question(pry_administrator, asked):
    change(pry_administrator, {"overdue_hours": 12, "electronic_copies_with": ["BRA"]})
    asked.clear()
    found = state_settings.settings_by_state(["PRY", "BRA", "URY"])
    assert len(asked) == 1
    assert found == {"PRY": Settings(30, 12, ("BRA",)), "BRA": Settings(), "URY": Settings()}


def test_targets_and_working_days_are_set_with_the_rest(pry_administrator, as_actor):
    body = {
        "flash_minutes": 5,
        "routine_days": 10,
        "weekdays": [7, 1, 2, 3, 4],
        "closed_on": ["2026-12-24", "2026-04-02"],
        "open_on": ["2026-05-01"],
    }
    made = change(pry_administrator, body)
    ordered = {"weekdays": [1, 2, 3, 4, 7], "closed_on": ["2026-04-02", "2026-12-24"]}
    assert made == DEFAULTS | body | ordered | {"version": 1}
    [entry] = as_actor("PRY", "auditor").get("/audit?subject_kind=setting").json["items"]
    assert entry["data"] == body | ordered
    assert change(pry_administrator, {"closed_on": []}, 1)["closed_on"] == []


def test_a_change_is_in_the_audit_with_what_changed(pry_administrator, as_actor):
    change(pry_administrator, {"overdue_hours": 12, "counterpart_days": 30})
    [entry] = as_actor("PRY", "auditor").get("/audit?subject_kind=setting").json["items"]
    assert (entry["action"], entry["subject_id"], entry["data"]) == (
        "setting:changed",
        "PRY",
        {"overdue_hours": 12},
    )
