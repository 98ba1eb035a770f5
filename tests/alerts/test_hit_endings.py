"""Hits end with their alert, and those who acted on one are notified."""

import pytest

from tests.support import bodies
from tests.support.hits import answer, enter, hits, notices, watch

pytestmark = pytest.mark.between_writes


def test_a_hit_ends_with_its_alert(pry_police, police):
    made = enter(pry_police)
    police.post("/checks", bodies.check())
    pry_police.post(f"/alerts/{made['id']}/cancel", {"reason": "Gun found"}, 200, If_Match='"1"')
    for hit in (*hits(pry_police), *hits(police)):
        assert (hit["status"], hit["answered_at"]) == ("ended", None)
        assert hit["alert_ended"]["status"] == "cancelled"
    assert len(notices(police, "hit_alert_cancelled")) == 1 and notices(police, "hit_expired") == []


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_the_holder_of_a_gun_is_notified_that_its_alert_ended_after_the_hit(
    pry_police, police, how
):
    made = enter(pry_police, expires_on="2026-03-20")
    police.post("/checks", bodies.check())
    [hit] = hits(pry_police)
    before = answer(pry_police, hit, "confirm")["version"]
    assert hits(police)[0]["alert_ended"] is None
    if how == "cancelled":
        pry_police.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    else:
        watch("PRY", days=30)
    [mine] = hits(police)
    assert (mine["status"], mine["alert_ended"]["status"]) == ("confirmed", how)
    assert mine["alert_ended"]["ended_at"] and mine["version"] > before
    [note] = notices(police, f"hit_alert_{how}")
    assert (note["subject"]["id"], note["data"]) == (
        hit["id"],
        {"state": "PRY", "alert_state": "PRY"},
    )
    assert notices(pry_police, f"hit_alert_{how}") == []


def test_a_hit_that_was_denied_ends_with_no_alert(pry_police, police):
    made = enter(pry_police)
    police.post("/checks", bodies.check())
    answer(pry_police, hits(pry_police)[0], "reject", note="Another model")
    pry_police.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    assert hits(police)[0]["alert_ended"] is None and notices(police, "hit_alert_cancelled") == []


def test_nobody_learns_that_an_alert_ended_which_let_its_gun_pass(pry_police, police):
    made = enter(pry_police, action="let_pass_and_inform")
    police.post("/checks", bodies.check())
    answer(pry_police, hits(pry_police)[0], "confirm")
    pry_police.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    assert hits(pry_police)[0]["alert_ended"]["status"] == "cancelled"
    assert hits(police) == [] and police.get("/notifications").json["items"] == []


def test_an_alert_ends_with_as_many_statements_however_many_hits_it_has(pry_police, police, asked):
    def statements(hits):
        gun = bodies.firearm(serial=f"MET{hits}12345")
        made = pry_police.post("/alerts", bodies.alert(firearm=gun)).json["id"]
        for number in range(hits):
            police.post("/checks", bodies.check(serial=gun["serial"], case_number=f"C-{number}"))
        tag = pry_police.get(f"/alerts/{made}").headers["ETag"]
        asked.clear()
        pry_police.post(f"/alerts/{made}/cancel", {"reason": "found"}, 200, If_Match=tag)
        return len(asked)

    statements(1)  # what is asked once for a process
    assert statements(1) == statements(6)


def test_that_a_confirmed_hit_lost_its_alert_is_not_written_down_as_its_end(
    as_actor, pry_police, police
):
    path = f"/alerts/{enter(pry_police)['id']}"
    police.post("/checks", bodies.check())
    police.post("/checks", bodies.check(case_number="C-2"))
    answer(pry_police, hits(pry_police)[0], "confirm", note="Missed")
    pry_police.change(path, "cancel", {"reason": "found"})
    for state in ("PRY", "BRA"):
        auditor = as_actor(state, "auditor")
        for action, status in (("hit:ended", "ended"), ("hit:alert_ended", "confirmed")):
            [entry] = auditor.get(f"/audit?action={action}").json["items"]
            assert entry["data"] == {"status": status, "alert": "cancelled"}


def test_a_hit_that_waits_expires_with_an_alert_that_expires(as_actor, pry_police, police):
    enter(pry_police, expires_on="2026-03-20")
    police.post("/checks", bodies.check())
    watch("PRY", days=6, hours=1)  # long after its time, and the alert stands
    watch("PRY", days=30)
    assert [hit["status"] for hit in (*hits(pry_police), *hits(police))] == ["expired", "expired"]
    [entry] = as_actor("PRY", "auditor").get("/audit?action=hit:expired").json["items"]
    assert entry["data"] == {"status": "expired", "alert": "expired"}
