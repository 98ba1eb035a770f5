"""Notifications: each role gets its own, each account marks its own as read."""

from uuid import UUID

import pytest

from salsa_ext.access.rules import ROLE_PERMISSIONS
from salsa_ext.core.codes import LANGUAGES, ROLES
from salsa_ext.database.session import transaction
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import (
    NOTICE_RULES,
    NOTIFICATION_CODES,
    NOTIFICATION_KINDS,
    Notice,
    Subject,
)
from salsa_ext.reference.names import labels

PERMIT = UUID("0199f2c0-0000-7000-8000-000000000001")


def notice(state="PRY", roles=("licensing_officer",), code="permit_cancelled", **changes):
    return Notice(state, code, Subject(PERMIT, "BRA", "E-1", "permit"), roles=roles, **changes)


@pytest.fixture
def notify(actor):
    """Let Brazil tell others: `notify(notice(), notice("BOL"))`."""

    def run(*notices):
        acting = actor("BRA")
        with transaction(acting):
            notify_many(acting, notices)

    return run


def listed(client, query=""):
    return client.get(f"/notifications{query}").json["items"]


def test_acts_of_one_state_are_reported_to_another_in_its_readers_language(notify, pry):
    notify(notice(data={"kind": "export"}))
    [item] = listed(pry)
    assert item == {
        "id": item["id"],
        "code": "permit_cancelled",
        "text": "A permit that concerns your state was cancelled.",
        "subject": {"kind": "permit", "state": "BRA", "id": str(PERMIT)},
        "number": "E-1",
        "data": {"kind": "export"},
        "raised_at": "2026-03-09T15:00:00+00:00",
        "read_at": None,
        "urgent": False,
    }
    spanish = pry.get("/notifications", Accept_Language="es").json["items"]
    assert spanish[0]["text"] == "Se canceló un permiso que concierne a su Estado."


def test_a_notification_is_for_its_state_and_its_roles_alone(notify, pry, as_actor):
    notify(notice(roles=("licensing_officer", "supervisor")), notice("BOL"))
    assert len(listed(pry)) == len(listed(as_actor("PRY", "supervisor"))) == 1
    assert listed(as_actor("PRY", "border_officer")) == listed(as_actor("BRA", "supervisor")) == []
    path = f"/notifications/{listed(pry)[0]['id']}/read"
    as_actor("PRY", "border_officer").post(path, expect=404)
    as_actor("BOL", "licensing_officer").post(path, expect=404)


def test_notifications_come_newest_first_in_pages_by_code(notify, pry):
    notify(*(notice(code=code) for code in ("permit_posted", "permit_amended", "permit_posted")))
    assert [item["code"] for item in listed(pry)] == [
        "permit_posted",
        "permit_amended",
        "permit_posted",
    ]
    assert [item["code"] for item in listed(pry, "?code=permit_amended")] == ["permit_amended"]
    first = pry.get("/notifications?limit=2").json
    second = pry.get(first["next"].removeprefix("/api/v1")).json
    assert first["items"] + second["items"] == listed(pry)


def test_those_of_a_kind_and_the_urgent_ones_are_listed_apart(notify, pry):
    notify(*(notice(code=code) for code in ("permit_posted", "post_called", "match_proposed")))
    assert [item["code"] for item in listed(pry, "?urgent=true")] == ["post_called"]
    assert [item["code"] for item in listed(pry, "?urgent=false")] == [
        "match_proposed",
        "permit_posted",
    ]
    assert [item["urgent"] for item in listed(pry, "?kind=permit")] == [False, True, False]
    assert listed(pry, "?kind=trace") == []
    assert "hit" in pry.get("/notifications?kind=gun", 422).json["errors"]["kind"][0]


def test_all_shown_notifications_of_a_kind_are_marked_as_read(notify, pry, as_actor):
    notify(*(notice(code=code) for code in ("permit_posted", "permit_posted", "permit_amended")))
    path = "/notifications/read"
    early = {"code": "permit_posted", "until": "2026-03-09T14:59:59Z"}
    assert pry.post(path, early, 200).json == {"read": 0}
    assert pry.post(path, {"code": "permit_posted"}, 200).json == {"read": 2}
    assert [item["code"] for item in listed(pry, "?unread=true")] == ["permit_amended"]
    assert pry.post(path, {"kind": "permit"}, 200).json == {"read": 1}
    assert pry.post(path, {"kind": "permit"}, 200).json == {"read": 0}
    assert len(listed(as_actor("PRY", "licensing_officer"), "?unread=true")) == 3
    assert list(pry.post(path, {}, 422).json["errors"]) == ["kind"]
    entries = as_actor("PRY", "auditor").get("/audit?action=notification:read_many").json["items"]
    assert [entry["data"]["count"] for entry in entries] == [1, 2]


def test_each_account_reads_for_itself_and_twice_is_harmless(notify, pry, as_actor):
    notify(notice(), notice())
    new, old = listed(pry)
    path = f"/notifications/{old['id']}/read"
    first = pry.post(path, expect=200).json
    assert first == old | {"read_at": "2026-03-09T15:00:00+00:00"}
    assert pry.post(path, expect=200).json == first
    assert listed(pry, "?unread=true") == [new]
    assert listed(pry, "?unread=false") == [first]
    assert listed(pry) == [new, first]
    assert len(listed(as_actor("PRY", "licensing_officer"), "?unread=true")) == 2


def test_a_reading_is_written_down_once(notify, pry, as_actor):
    notify(notice())
    [item] = listed(pry)
    for _ in range(2):
        pry.post(f"/notifications/{item['id']}/read", expect=200)
    [entry] = as_actor("PRY", "auditor").get("/audit?subject_kind=notification").json["items"]
    assert (entry["action"], entry["subject_id"]) == ("notification:read", item["id"])


def test_a_state_that_takes_no_part_is_left_out(notify, pry, as_actor):
    notify(notice("FRA"), notice())
    assert len(listed(pry)) == 1


def test_a_state_may_tell_itself(notify, as_actor):
    notify(notice("BRA"))
    assert len(listed(as_actor("BRA", "licensing_officer"))) == 1


@pytest.mark.parametrize("count", [3, 200])
def test_many_notices_take_few_statements(notify, pry, asked, count):
    notify(notice(), notice("BOL"))
    asked.clear()
    notify(*(notice(state) for state in ("PRY", "BOL") for _ in range(count)))
    assert len(asked) < 20
    assert len(listed(pry, "?limit=200")) == min(count + 1, 200)


def test_nothing_to_tell_asks_nothing(notify, asked):
    asked.clear()
    notify()
    assert [value for value in asked if "salsa.state" not in value] == []


def test_a_state_acts_for_itself_again_after_it_told_another(actor, as_actor):
    acting = actor("BRA")
    with transaction(acting):
        notify_many(acting, [notice()])
        notify_many(acting, [notice("BRA")])
    assert len(listed(as_actor("BRA", "licensing_officer"))) == 1


def test_a_list_of_twenty_takes_no_more_statements_than_one_of_one(notify, pry, asked):
    notify(*(notice() for _ in range(20)))
    listed(pry)
    asked.clear()
    listed(pry, "?limit=1")
    few = len(asked)
    asked.clear()
    listed(pry, "?limit=20")
    assert len(asked) == few


def test_every_code_notifies_known_roles_and_an_unknown_code_is_a_defect():
    assert all(rule.roles and {*rule.roles} <= {*ROLES} for rule in NOTICE_RULES.values())
    assert {rule.kind for rule in NOTICE_RULES.values()} - {"pointer"} <= {*NOTIFICATION_KINDS}
    with pytest.raises(KeyError):
        _ = notice(code="permit_eaten").about


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notification_is_a_sentence_in_every_language(session, language):
    notices = labels("notification", language)
    assert notices.keys() == set(NOTIFICATION_CODES)
    assert all(text.endswith(".") and " " in text for text in notices.values())


@pytest.mark.parametrize(
    "role", [role for role in ROLE_PERMISSIONS if role not in ("secretariat", "display")]
)
def test_every_role_of_a_state_has_notifications(notify, as_actor, role):
    notify(notice(roles=(role,)))
    assert len(listed(as_actor("PRY", role))) == 1
