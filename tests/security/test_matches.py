"""What each state learns of a match: nothing of what is silent, a state and a contact of a pointer."""

import json
import random

import pytest
from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import ROLE_PERMISSIONS
from salsa_ext.database.session import db
from salsa_ext.matches.models import Match
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.matches import act, correct, matches, sold

DECIDING = {"police_officer", "trace_analyst", "forensic_examiner"}


def notification_codes(as_actor, state):
    items = as_actor(state, "police_officer").get("/notifications").json["items"]
    return [item["code"] for item in items]


def test_those_who_judge_matches_are_police_analysts_and_examiners():
    assert {
        role for role, may in ROLE_PERMISSIONS.items() if Permission.MATCH_DECIDE in may
    } == DECIDING


@pytest.mark.parametrize("role", sorted(set(ROLE_PERMISSIONS) - DECIDING - {"secretariat"}))
def test_no_other_role_judges(as_actor, police, role):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    as_actor("BRA", role).post(f"/matches/{match['id']}/confirm", {}, 403, If_Match='"1"')


@pytest.mark.parametrize("role", sorted(DECIDING))
def test_a_match_is_not_there_for_another_state(as_actor, police, role):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    for state in ("PRY", "URY"):
        other = as_actor(state, role)
        other.get(f"/matches/{match['id']}", 404)
        other.post(f"/matches/{match['id']}/confirm", {}, 404, If_Match='"1"')
        assert match["id"] not in [each["id"] for each in matches(other)]


def test_of_a_silent_record_its_owner_alone_is_told(as_actor, police, pry_police):
    record = sold(as_actor, visibility="silent")["firearm"]["record"]
    seized = police.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    assert matches(police) == [] and notification_codes(as_actor, "BRA") == []
    [match] = matches(pry_police)
    assert (match["record"], match["other"]["record"]) == (record, seized)
    assert notification_codes(as_actor, "PRY") == ["match_proposed"]


def test_no_row_about_a_silent_record_is_in_another_states_reach(as_actor, police, run, asked):
    sold(as_actor, visibility="silent")
    police.post("/seizures", bodies.seizure())
    assert in_reach(run, "BRA") == [] and in_reach(run, "URY") == []
    assert len(in_reach(run, "PRY")) == 1


def in_reach(run, state):
    jobs_to_idle()
    return run(state, lambda actor: db.session.scalars(select(Match)).all())


def test_a_silent_seizure_tells_nobody(as_actor, police, pry_police, run):
    sold(as_actor)
    police.post("/seizures", bodies.seizure(visibility="silent"))
    [match] = matches(police)
    assert match["other"]["state"] == "PRY"
    assert matches(pry_police) == [] and notification_codes(as_actor, "PRY") == []
    assert in_reach(run, "PRY") == []


def test_of_two_silent_records_nobody_is_told(as_actor, police, pry_police):
    sold(as_actor, visibility="silent")
    police.post("/seizures", bodies.seizure(visibility="silent"))
    assert matches(police) == matches(pry_police) == []


@pytest.mark.parametrize(
    "path,body,role",
    [
        ("/reports", bodies.report, "police_officer"),
        ("/transfers", bodies.transfer, "licensing_officer"),
    ],
)
def test_a_write_asks_the_same_whether_there_is_a_silent_record_or_none(
    as_actor, asked, path, body, role
):
    client, statements = as_actor("BRA", role), []
    sold(as_actor, visibility="silent", firearm=bodies.firearm(serial="XYZ987654"))
    for number, serial in enumerate(("AAA111111", "ABC123456", "XYZ987654")):
        asked.clear()
        client.post(path, body(number=f"N-{number}", firearm=bodies.firearm(serial=serial)))
        statements.append([*asked])
    assert any("mark_variant" in value for value in statements[2])
    assert statements[2] == statements[1]  # the first one fills what is kept in memory


def test_a_seizure_asks_the_same_whether_there_are_silent_records_or_none(as_actor, asked):
    police, statements, answers = as_actor("BRA", "police_officer"), [], []
    sold(as_actor, visibility="silent", firearm=bodies.firearm(serial="XYZ987654"))
    for number, serials in enumerate((("AAA111111",), ("ABC123456",), ("XYZ987654",))):
        asked.clear()
        answers.append(police.post("/seizures", seized(f"S-{number}", serials)).json)
        statements.append([*asked])
    assert statements[2] == statements[1]
    assert [answer["matches"] for answer in answers[1:]] == [
        [{"line": 1, "candidates": [], "complete": False, "more": 0}]
    ] * 2


def test_a_long_seizure_copies_the_forms_of_marks_that_are_kept_as_well(as_actor, asked):
    police, statements = as_actor("BRA", "police_officer"), []
    draw = random.Random(3)
    some = [
        f"{''.join(draw.choices('ACEFHJKM', k=3))}{draw.randrange(10**6):06}" for _ in range(90)
    ]
    first, free, many = some[:30], some[30:60], some[60:]
    for serial in many:
        sold(as_actor, visibility="silent", number=serial, firearm=bodies.firearm(serial=serial))
    for number, serials in enumerate((first, free, many)):
        asked.clear()
        police.post("/seizures", seized(f"S-{number}", serials))
        statements.append([*asked])
    assert statements[2] == statements[1]


SERIALS = ("AAA111111", "ABC123456", "XYZ987654")  # the last one matches what is kept silent


@pytest.fixture
def written(as_actor, police):
    """Three seizures, of which the last one has matched a silent record."""
    sold(as_actor, visibility="silent", firearm=bodies.firearm(serial=SERIALS[2]))
    made = [police.post("/seizures", seized(f"S-{each}", (each,))).json for each in SERIALS]
    assert len(matches(as_actor("PRY", "police_officer"))) == 1
    return made


def test_a_correction_asks_the_same_once_a_silent_record_has_matched(police, asked, written):
    statements = []
    for serial, made in zip(SERIALS, written, strict=True):
        asked.clear()
        items = [bodies.firearm(serial=serial)]
        correct(
            police, "seizures", made, bodies.seizure(number=f"S-{serial}", items=items, reason="x")
        )
        statements.append([*asked])
    assert statements[2] == statements[1]


def test_an_added_mark_asks_the_same_once_a_silent_record_has_matched(as_actor, asked, written):
    examiner, statements = as_actor("BRA", "forensic_examiner"), []
    for made in written:
        asked.clear()
        mark = {"kind": "proof", "text": "CIP", "method": "visual", "reason": "x"}
        examiner.post(f"/seizures/{made['id']}/items/1/marks", mark)
        statements.append([*asked])
    assert statements[2] == statements[1]


def test_a_cancelled_shipment_asks_the_same_once_a_silent_record_has_matched(as_actor, asked):
    exporter, statements = as_actor("BRA", "licensing_officer"), []
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    lost = bodies.report(visibility="silent", firearm=bodies.firearm(serial=SERIALS[2]))
    as_actor("URY", "police_officer").post("/reports", lost)
    made = [
        exporter.post(
            f"/permits/{permit}/shipments", bodies.shipment(serials=(each,), number=f"A-{each}")
        ).json
        for each in SERIALS
    ]
    ury = as_actor("URY", "police_officer")
    assert len(matches(ury)) == 1
    for each in made:
        etag = exporter.get(f"/shipments/{each['id']}").headers["ETag"]
        asked.clear()
        exporter.post(f"/shipments/{each['id']}/cancel", {"reason": "x"}, 200, If_Match=etag)
        statements.append([*asked])
    assert statements[2] == statements[1]
    assert matches(ury) == []


def seized(number, serials):
    items = [bodies.firearm(line=line, serial=serial) for line, serial in enumerate(serials, 1)]
    return bodies.seizure(number=number, items=items)


@pytest.mark.parametrize("is_draft", [False, True])
def test_a_trace_asks_the_same_whether_there_is_a_silent_record_or_none(as_actor, asked, is_draft):
    analyst, statements, legs = as_actor("BRA", "trace_analyst"), [], []
    sold(as_actor, visibility="silent", firearm=bodies.firearm(serial="XYZ987654"))
    for serial in ("AAA111111", "ABC123456", "XYZ987654"):
        asked.clear()
        body = bodies.trace(firearm=bodies.firearm(serial=serial), draft=is_draft)
        made = analyst.post("/traces", body)
        if is_draft:
            made = analyst.post(
                f"/traces/{made.json['id']}/send", None, 200, If_Match=made.headers["ETag"]
            )
        statements.append([*asked])
        legs.append([(leg["state"], leg["status"]) for leg in made.json["legs"]])
    assert statements[2] == statements[1]
    assert legs[2] == legs[1]


def test_of_a_pointer_the_asker_learns_the_state_and_whom_to_ask(
    as_actor, police, pry_police, contact
):
    record = sold(as_actor, visibility="pointer")["firearm"]["record"]
    seized = police.post("/seizures", bodies.seizure()).json["items"][0]["record"]
    [mine], [theirs] = matches(police), matches(pry_police)
    assert (mine["other"]["state"], mine["other"]["record"], mine["reasons"]) == ("PRY", None, [])
    assert mine["other"]["contact"]["agency"] == "PRY-POLICE"
    assert record not in json.dumps(matches(police))
    assert (theirs["record"], theirs["other"]["record"]) == (record, seized)
    assert "make_same" in [reason["code"] for reason in theirs["reasons"]]


def test_a_pointer_is_scored_by_its_serial_alone_whatever_else_it_says(as_actor, police):
    sold(as_actor, visibility="pointer", firearm=bodies.firearm(make="Glock", type="revolver"))
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    assert match["score"] == 24.0


def test_a_pointer_that_asks_is_a_pointer_to_the_other_state(as_actor, police, pry_police):
    sold(as_actor)
    seized = police.post("/seizures", bodies.seizure(visibility="pointer")).json["items"][0][
        "record"
    ]
    [match] = matches(pry_police)
    assert (match["other"]["record"], match["reasons"]) == (None, [])
    assert seized not in json.dumps(pry_police.get("/notifications").json)


def test_a_record_that_turns_silent_leaves_the_other_states_reach(as_actor, police, run):
    sale = sold(as_actor)
    police.post("/seizures", bodies.seizure())
    act(police, matches(police)[0], "confirm")
    body = bodies.transfer(visibility="silent", reason="Operation")
    correct(as_actor("PRY", "licensing_officer"), "transfers", sale, body)
    assert in_reach(run, "BRA") == []
    assert len(in_reach(run, "PRY")) == 1


def test_a_record_that_turns_silent_takes_the_notification_of_its_match_along(
    as_actor, pry_police, police
):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    report = pry_police.post("/reports", bodies.report()).json
    [notice] = police.get("/notifications").json["items"]
    assert notice["code"] == "match_proposed"
    correct(pry_police, "reports", report, bodies.report(visibility="silent", reason="Operation"))
    assert police.get("/notifications").json["items"] == []
    police.post(f"/notifications/{notice['id']}/read", None, 404)


@pytest.mark.parametrize("status", ["confirm", "reject"])
def test_a_decision_on_a_match_remains_while_the_other_record_is_silent(
    as_actor, police, status, pry
):
    sale = sold(as_actor)
    police.post("/seizures", bodies.seizure())
    result = act(police, matches(police)[0], status, reason="Both stamps")
    body = bodies.transfer(visibility="silent", reason="Operation")
    silent = correct(pry, "transfers", sale, body)
    assert matches(police) == [] and police.get(f"/matches/{result['id']}", 404)
    correct(pry, "transfers", silent, bodies.transfer(visibility="open", reason="It is over"))
    [again] = matches(police)
    stored = ("id", "status", "reason", "decided_at", "decided_by")
    assert [again[name] for name in stored] == [result[name] for name in stored]


def test_a_record_that_turns_pointer_keeps_its_match_and_loses_its_id(as_actor, police):
    sale = sold(as_actor)
    police.post("/seizures", bodies.seizure())
    act(police, matches(police)[0], "confirm")
    body = bodies.transfer(visibility="pointer", reason="Operation")
    correct(as_actor("PRY", "licensing_officer"), "transfers", sale, body)
    [match] = matches(police)
    assert (match["status"], match["other"]["record"], match["reasons"]) == ("confirmed", None, [])


def test_a_record_that_opens_is_named_and_one_that_is_silent_no_longer_is_proposed(
    as_actor, police
):
    sale = sold(as_actor, visibility="silent")
    police.post("/seizures", bodies.seizure())
    body = bodies.transfer(visibility="open", reason="The operation is over")
    correct(as_actor("PRY", "licensing_officer"), "transfers", sale, body)
    [match] = matches(police)
    assert match["other"]["record"] == sale["firearm"]["record"]


def test_a_correction_ends_the_match_of_the_owner_of_a_silent_record(as_actor, police, pry_police):
    sold(as_actor, visibility="silent")
    made = police.post("/seizures", bodies.seizure()).json
    assert len(matches(pry_police)) == 1
    other = bodies.seizure(items=[bodies.firearm(serial="XYZ987654")], reason="Misread")
    correct(police, "seizures", made, other)
    assert matches(pry_police) == []


def test_the_askers_audit_names_no_match_of_another_state(as_actor, police, pry_police):
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [mine], [theirs] = matches(police), matches(pry_police)
    for state, match in (("BRA", mine), ("PRY", theirs)):
        audit = as_actor(state, "auditor").get("/audit?action=match:proposed").json["items"]
        assert [entry["subject_id"] for entry in audit] == [match["id"]]


@pytest.mark.parametrize("count", [0, 4])
def test_what_the_writer_keeps_silent_takes_nothing_from_another_states_match(
    as_actor, police, pry_police, count
):
    for digit in range(count):
        gun = bodies.firearm(serial=f"ABC12345{digit}")
        sold(as_actor, "BRA", number=f"Q-{digit}", visibility="silent", firearm=gun)
    sold(as_actor, firearm=bodies.firearm(serial="ABC123458"))
    police.post("/seizures", bodies.seizure())
    [match] = matches(pry_police)
    assert match["score"] == 30.5
    assert "crowd" not in [reason["code"] for reason in match["reasons"]]


@pytest.mark.parametrize("glyph", ["5", "3"])
def test_a_match_tells_nothing_of_what_happened_to_the_gun_of_a_pointer(
    as_actor, police, pry_police, run, glyph, bra
):
    for serial in ("ABC123456", "XYK987654"):
        bra.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial=serial)))
    lost = bodies.firearm(serial=f"XYK9876{glyph}4")
    sold(as_actor, visibility="pointer", firearm=bodies.firearm(serial=f"ABC1234{glyph}6"))
    before, news = listed(police), notification_codes(as_actor, "BRA")
    pry_police.post("/reports", bodies.report(visibility="pointer", firearm=lost))
    assert listed(police) == before * 2
    assert notification_codes(as_actor, "BRA") == news * 2
    assert len(matches(pry_police, "?least_worth=pointer")) == 1


def listed(client):
    return [(match["worth"], match["score"], match["strength"]) for match in matches(client)]


def test_a_write_asks_the_same_whatever_happened_to_the_gun_of_a_pointer(
    as_actor, pry_police, asked
):
    sold(as_actor, visibility="pointer", firearm=bodies.firearm(serial="ABC123436"))
    lost = bodies.firearm(serial="XYK987634")
    pry_police.post("/reports", bodies.report(visibility="pointer", firearm=lost))
    clerk, statements = as_actor("BRA", "licensing_officer"), []
    for number, serial in enumerate(("AAA111111", "ABC123456", "XYK987654")):
        asked.clear()
        gun = bodies.firearm(serial=serial)
        clerk.post("/transfers", bodies.transfer(number=f"N-{number}", firearm=gun))
        statements.append([*asked])
    assert statements[2] == statements[1]
    assert len(matches(pry_police)) == 1
