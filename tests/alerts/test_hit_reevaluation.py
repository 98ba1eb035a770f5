"""Hits whose record was withdrawn or corrected since: they end, and those who acted are notified."""

import pytest

from tests.support import bodies
from tests.support.matches import correct
from tests.support.movements import Way, act, add
from tests.support.reports import withdraw

pytestmark = pytest.mark.between_writes


@pytest.fixture
def seized(pry_police, police):
    """What Brazil seized, which an alert of Paraguay met."""
    pry_police.post("/alerts", bodies.alert())
    return police.post("/seizures", bodies.seizure()).json


@pytest.fixture
def recovered(pry_police, police):
    """A gun that Brazil reported as recovered, which an alert of Paraguay met."""
    pry_police.post("/alerts", bodies.alert())
    return police.post("/reports", recovery()).json


def recovery(**changes):
    notices = bodies.report(kind="recovery", occurred_on="2026-03-01") | changes
    return {name: value for name, value in notices.items() if name != "stolen_from"}


def corrected(client, made, **gun):
    body = bodies.seizure(items=[bodies.firearm(**gun)]) | {"reason": "Misread"}
    return correct(client, "seizures", made, body)


def hit_of(client):
    [hit] = client.get("/hits").json["items"]
    return hit


def answer(client, action="confirm", expect=200, **body):
    hit = hit_of(client)
    etag = client.get(f"/hits/{hit['id']}").headers["ETag"]
    return client.post(f"/hits/{hit['id']}/{action}", body, expect, If_Match=etag).json


def notices(client):
    codes = [item["code"] for item in client.get("/notifications").json["items"]]
    return [code for code in codes if code.startswith(("hit_cause", "hit_reopened"))]


def audited(as_actor, state):
    entries = as_actor(state, "auditor").get("/audit").json["items"]
    wanted = ("hit:ended", "hit:cause_changed", "hit:reopened")
    return [
        (entry["action"], {key: entry["data"][key] for key in ("status", "cause")})
        for entry in entries
        if entry["action"] in wanted
    ]


def changed(hit):
    return hit["cause_changed"] and hit["cause_changed"]["status"]


def test_a_hit_ends_with_the_report_that_caused_it(as_actor, pry_police, police, recovered):
    assert changed(hit_of(pry_police)) is None
    withdraw(police, recovered)
    for state, client in (("PRY", pry_police), ("BRA", police)):
        hit = hit_of(client)
        assert (hit["status"], changed(hit), hit["answered_at"]) == ("ended", "withdrawn", None)
        assert notices(client) == ["hit_cause_withdrawn"]
        assert audited(as_actor, state) == [
            ("hit:ended", {"status": "ended", "cause": "withdrawn"})
        ]
    assert answer(pry_police, expect=409)["code"] == "illegal_transition"


def test_a_hit_ends_with_the_shipment_that_did_not_leave(pry_police, bra):
    pry_police.post("/alerts", bodies.alert())
    permit = bra.post("/permits", bodies.permit()).json["id"]
    gun = bodies.shipment()["items"][0] | {"serial": "ABC123456"}
    shipped = bra.post(f"/permits/{permit}/shipments", bodies.shipment(items=[gun])).json
    bra.change(f"/shipments/{shipped['id']}", "cancel", {"reason": "Not sold"})
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == ("ended", "withdrawn")


def test_a_hit_ends_with_a_correction_into_another_gun(as_actor, pry_police, police, seized):
    corrected(police, seized, serial="QWK77120")
    for state, client in (("PRY", pry_police), ("BRA", police)):
        hit = hit_of(client)
        assert (hit["status"], changed(hit)) == ("ended", "corrected_away")
        assert notices(client) == ["hit_cause_corrected_away"]
        assert [action for action, _ in audited(as_actor, state)] == ["hit:ended"]
    assert answer(pry_police, expect=409)["code"] == "illegal_transition"


def test_a_gun_that_bears_no_mark_any_more_meets_no_alert(pry_police, police, seized):
    gun = {name: value for name, value in bodies.firearm().items() if name != "serial"}
    body = bodies.seizure(items=[gun | {"marking": "obliterated"}]) | {"reason": "Misread"}
    correct(police, "seizures", seized, body)
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == (
        "ended",
        "corrected_away",
    )
    assert notices(pry_police) == ["hit_cause_corrected_away"]


def test_a_find_that_becomes_a_loss_meets_no_alert(pry_police, police, recovered):
    correct(police, "reports", recovered, recovery(kind="loss") | {"reason": "Another form"})
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == (
        "ended",
        "corrected_away",
    )


def test_a_hit_that_was_confirmed_stays_so_and_says_that_its_record_was_withdrawn(
    as_actor, pry_police, police, recovered
):
    before = answer(pry_police)["version"]
    withdraw(police, recovered)
    for state, client in (("PRY", pry_police), ("BRA", police)):
        hit = hit_of(client)
        assert (hit["status"], changed(hit)) == ("confirmed", "withdrawn")
        assert hit["version"] > before and hit["cause_changed"]["changed_at"]
        assert notices(client) == ["hit_cause_withdrawn"]
        assert audited(as_actor, state) == [
            ("hit:cause_changed", {"status": "confirmed", "cause": "withdrawn"})
        ]


def test_a_hit_that_was_confirmed_says_that_its_record_meets_the_alert_no_longer(
    pry_police, police, seized
):
    answer(pry_police)
    corrected(police, seized, serial="QWK77120")
    assert (hit_of(police)["status"], changed(hit_of(police))) == ("confirmed", "corrected_away")


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_correction_that_still_meets_the_alert_leaves_the_hit_and_says_so(
    pry_police, police, seized, is_confirmed
):
    if is_confirmed:
        answer(pry_police)
    corrected(police, seized, model="G3")
    for client in (pry_police, police):
        hit = hit_of(client)
        assert hit["status"] == ("confirmed" if is_confirmed else "open")
        assert changed(hit) == "corrected" and notices(client) == ["hit_cause_corrected"]
    if not is_confirmed:
        assert answer(pry_police)["status"] == "confirmed"


def test_of_a_gun_that_a_correction_leaves_as_it_was_told_nothing_is_told(pry_police, police):
    pry_police.post("/alerts", bodies.alert())
    other = bodies.firearm(line=2, serial="ZZT998877")
    made = police.post("/seizures", bodies.seizure(items=[bodies.firearm(), other])).json
    items = [bodies.firearm(), other | {"model": "G3"}]
    correct(police, "seizures", made, bodies.seizure(items=items, reason="Misread"))
    for client in (pry_police, police):
        assert (changed(hit_of(client)), notices(client)) == (None, [])
    found = pry_police.get(f"/hits/{hit_of(pry_police)['id']}").json["found_gun"]
    assert (found["version"], found["corrected"]) == (2, False)


def hidden(bra, made, visibility, **gun):
    body = bodies.seizure(items=[bodies.firearm(**gun)], visibility=visibility, reason="Misread")
    return correct(bra, "seizures", made, body)


def test_of_what_is_silent_by_now_no_correction_is_told_until_it_is_shown_again(
    pry_police, police, seized
):
    again = hidden(police, seized, "silent", model="G3")
    assert (changed(hit_of(pry_police)), notices(pry_police), notices(police)) == (None, [], [])
    hidden(police, again, "open", model="G3")
    for client in (pry_police, police):
        assert (changed(hit_of(client)), notices(client)) == ("corrected", ["hit_cause_corrected"])


def test_that_what_is_silent_by_now_is_no_ground_is_told_and_that_it_is_one_again_is_not(
    pry_police, police, seized
):
    again = hidden(police, seized, "silent", serial="QWK77120")
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == (
        "ended",
        "corrected_away",
    )
    again = hidden(police, again, "silent")
    assert hit_of(pry_police)["status"] == "ended" and notices(pry_police) == [
        "hit_cause_corrected_away"
    ]
    hidden(police, again, "open")
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == ("open", "corrected")


def test_of_what_is_silent_by_now_its_withdrawal_is_told(pry_police, police, recovered):
    result = recovery(visibility="silent") | {"reason": "Another form"}
    withdraw(police, correct(police, "reports", recovered, result))
    assert (hit_of(pry_police)["status"], notices(pry_police)) == ("ended", ["hit_cause_withdrawn"])


def test_a_hit_is_as_strong_as_what_was_corrected_is_read_now(pry_police, police, seized):
    assert not hit_of(pry_police)["possible"]
    items = [{"line": 1, "type": "pistol", "serial": "ABC1234??", "calibre": "9x19"}]
    correct(police, "seizures", seized, bodies.seizure(items=items, reason="Misread"))
    for hit in (hit_of(pry_police), hit_of(police)):
        assert (hit["status"], changed(hit)) == ("open", "corrected")
        assert (hit["strength"], hit["possible"]) == ("moderate", True)


def test_what_is_corrected_back_opens_the_hit_again(as_actor, pry_police, police, seized):
    corrected(police, corrected(police, seized, serial="QWK77120"))
    for state, client in (("PRY", pry_police), ("BRA", police)):
        assert (hit_of(client)["status"], changed(hit_of(client))) == ("open", "corrected")
        assert notices(client) == ["hit_reopened", "hit_cause_corrected_away"]
        assert audited(as_actor, state)[0][0] == "hit:reopened"
    assert answer(pry_police)["status"] == "confirmed"


def test_a_hit_of_an_alert_that_was_cancelled_meanwhile_opens_no_more(pry_police, police, seized):
    again = corrected(police, seized, serial="QWK77120")
    pry_police.change(f"/alerts/{hit_of(pry_police)['alert']}", "cancel", {"reason": "Found"})
    corrected(police, again)
    assert hit_of(pry_police)["status"] == "ended" and hit_of(police)["status"] == "ended"


def test_of_a_hit_whose_alert_was_cancelled_before_no_correction_is_told(
    pry_police, police, seized
):
    answer(pry_police)
    pry_police.change(f"/alerts/{hit_of(pry_police)['alert']}", "cancel", {"reason": "Found"})
    corrected(police, seized, serial="QWK77120")
    for client in (pry_police, police):
        hit = hit_of(client)
        assert (hit["status"], changed(hit), notices(client)) == ("confirmed", None, [])
    assert pry_police.get(f"/hits/{hit_of(pry_police)['id']}").json["found_gun"]["corrected"]


def test_a_hit_that_was_denied_stays_so(pry_police, police, seized):
    answer(pry_police, "reject", note="Another model")
    corrected(police, seized, serial="QWK77120")
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police)), notices(pry_police)) == (
        "denied",
        None,
        [],
    )


def test_a_correction_before_the_alert_is_none_since(pry_police, police):
    corrected(police, police.post("/seizures", bodies.seizure()).json, model="G3")
    pry_police.post("/alerts", bodies.alert())
    found = pry_police.get(f"/hits/{hit_of(pry_police)['id']}").json["found_gun"]
    assert (found["version"], found["corrected"], changed(hit_of(pry_police))) == (2, False, None)


def test_what_was_seized_before_its_alert_ends_its_hit_too(pry_police, police):
    made = police.post("/seizures", bodies.seizure()).json
    pry_police.post("/alerts", bodies.alert())
    corrected(police, made, serial="QWK77120")
    assert (hit_of(pry_police)["status"], changed(hit_of(police))) == ("ended", "corrected_away")


@pytest.mark.parametrize("changes", [{"action": "let_pass_and_inform"}, {"visible_to": ["CHL"]}])
def test_of_a_hit_that_shows_to_nobody_its_state_alone_learns_it(
    as_actor, pry_police, police, changes
):
    pry_police.post("/alerts", bodies.alert(**changes))
    made = police.post("/seizures", bodies.seizure()).json
    again = corrected(police, made, serial="QWK77120")
    assert (hit_of(pry_police)["status"], changed(hit_of(pry_police))) == (
        "ended",
        "corrected_away",
    )
    assert notices(pry_police) == ["hit_cause_corrected_away"]
    assert police.get("/hits").json["items"] == [] and notices(police) == []
    assert audited(as_actor, "BRA") == [] and len(audited(as_actor, "PRY")) == 1
    corrected(police, again)
    assert hit_of(pry_police)["status"] == "open"
    codes = [item["code"] for item in pry_police.get("/notifications").json["items"]]
    assert codes.count("hit_silent") == 2 and audited(as_actor, "BRA") == []


def test_a_state_that_hits_its_own_alert_has_one_row_and_one_decision(pry_police):
    pry_police.post("/alerts", bodies.alert())
    place = {"country": "PRY", "name": "Asunción"}
    made = pry_police.post("/seizures", bodies.seizure(place=place)).json
    other = bodies.seizure(place=place, items=[bodies.firearm(serial="QWK77120")])
    correct(pry_police, "seizures", made, other | {"reason": "Misread"})
    assert hit_of(pry_police)["status"] == "ended" and notices(pry_police) == [
        "hit_cause_corrected_away"
    ]


def test_side_by_side_says_that_the_record_was_corrected_since_and_which_version_it_is(
    pry_police, police, seized
):
    found = pry_police.get(f"/hits/{hit_of(pry_police)['id']}").json["found_gun"]
    assert (found["version"], found["corrected"], found["withdrawn"]) == (1, False, False)
    corrected(police, seized, model="G3")
    hit = pry_police.get(f"/hits/{hit_of(pry_police)['id']}").json
    assert (
        hit["found_gun"]["version"],
        hit["found_gun"]["corrected"],
        hit["found_gun"]["model"],
    ) == (2, True, "G3")
    assert (hit["alert_gun"]["version"], hit["alert_gun"]["corrected"]) == (1, False)


def test_side_by_side_says_that_the_record_was_withdrawn(pry_police, police, recovered):
    withdraw(police, recovered)
    for client in (pry_police, police):
        found = client.get(f"/hits/{hit_of(client)['id']}").json["found_gun"]
        assert (found["version"], found["withdrawn"], found["document_kind"]) == (2, True, "report")


def test_a_gun_that_did_not_come_after_all_ends_its_hit_and_one_that_did_opens_it(
    as_actor, pry_police
):
    way = Way(as_actor)
    pry_police.post("/alerts", bodies.alert(firearm=bodies.firearm(serial="TKA52390")))
    made = way.ship("TKA52380", "TKA52390")
    way.release(made)
    way.tick(made, "exit")
    both = {"items": [{"serial": "TKA52380"}, {"serial": "TKA52390"}], "received_on": "2026-03-05"}
    add(way.bol, made, "receipt", **both)
    assert by_cause(pry_police)["receipt"] == ("open", None)
    act(
        way.bol, made, "receipt/correct", reason="Miscounted", **both | {"items": both["items"][:1]}
    )
    assert by_cause(pry_police)["receipt"] == ("ended", "withdrawn")
    act(way.bol, made, "receipt/correct", reason="Found", **both)
    assert by_cause(pry_police)["receipt"] == ("open", "corrected")
    assert by_cause(pry_police)["shipment"] == ("open", None)


def by_cause(client):
    return {
        hit["cause"]: (hit["status"], changed(hit)) for hit in client.get("/hits").json["items"]
    }
