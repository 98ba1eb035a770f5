"""The pages of reports: a gun is reported, and what was reported is found again."""

import re
from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.matches import matches, sold
from tests.web.pages import text

TYPED = {
    "kind": "theft",
    "number": "R-7",
    "occurred_on": "2026-02-03",
    "stolen_from": "private",
    "firearm.serial": "ABC123456",
    "firearm.type": "pistol",
    "firearm.make": "Taurus",
    "place.name": "Asunción",
    "from.name": "Ana Ejemplo",
    "from.kind": "individual",
}


@pytest.fixture
def police(signed_in):
    return signed_in("PRY", "police_officer")


def opened(visitor, address):
    """Return what the fields of a form open with."""
    page = visitor.open(address)
    form = page[page.index('<form class="form"') :]
    found = dict(re.findall(r'name="([^"]+)" type="[a-z]+" value="([^"]*)"', form))
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        if picked := re.search(r'value="([^"]*)" selected', options):
            found[name] = picked[1]
    found["expected_version"] = re.search(r'name="expected_version" value="([^"]*)"', form)[1]
    return found


def entered(visitor, record, **changes):
    typed = {
        "record": record,
        "action": "hold_and_call",
        "priority": "urgent",
        "reason": "stolen",
        "case_number": "C-17",
        "expires_on": "2027-01-01",
    } | changes
    return visitor.send("/alerts/new", typed).location.split("?")[0]


def test_a_theft_is_reported_and_matched_at_once(police, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    done = police.send("/reports/new", TYPED).location
    shown = text(police.open(done))
    for words in (
        "✓ The report is recorded.",
        "Theft R-7",
        "3 Feb 2026",
        "Private person",
        "Asunción, Paraguay",
        "Ana Ejemplo",
        "ABC123456",
    ):
        assert words in shown
    assert "Theft" in text(police.open("/matches"))
    listed = police.open("/reports?kind=theft")
    assert done.split("?")[0] in listed and "R-7" in listed
    assert "Nothing matches these filters." in police.open("/reports?kind=loss")


def test_a_theft_of_which_the_month_alone_is_known_is_shown_and_corrected_so(police):
    sent = police.send("/reports/new", TYPED | {"occurred_on.within": "7"})
    address = sent.location.split("?")[0]
    assert "February 2026" in text(police.open(address))
    form = opened(police, f"{address}/correct")
    assert (form["occurred_on"], form["occurred_on.within"]) == ("2026-02-01", "7")


def test_each_error_is_reported_at_its_field(police):
    page = police.send("/reports/new", {"kind": "loss", "stolen_from": "dealer"}, 422).text
    assert 'id="number-wrong"' in page and 'id="occurred_on-wrong"' in page
    typed = TYPED | {"kind": "loss"}
    assert 'id="stolen_from-wrong"' in police.send("/reports/new", typed, 422).text


def test_a_report_without_a_gun_is_refused_with_what_it_needs(police):
    bare = {"kind": "theft", "number": "R-7", "occurred_on": "2026-02-03"}
    page = police.send("/reports/new", bare, 422).text
    assert "Say which gun it is: by its serial number, or at least by its type or make." in text(
        page
    )
    assert 'id="firearm-serial-wrong"' in page
    police.send("/reports/new", bare | {"firearm.type": "pistol"})


def test_a_second_report_of_a_gun_is_confirmed_before_it_is_recorded(police):
    first = police.send("/reports/new", TYPED).location.split("?")[0]
    again = TYPED | {"number": "R-8"}
    page = police.send("/reports/new", again, 409).text
    assert f'<a href="{first}">Theft R-7</a>' in page
    assert "confirm with “A second report of this gun is wanted”" in text(page)
    assert "R-8" not in police.open("/reports")
    police.send("/reports/new", again | {"confirm_second": "true"})
    assert "R-8" in police.open("/reports")


@pytest.mark.parametrize(
    ("role", "status"),
    [("trace_analyst", 200), ("supervisor", 200), ("border_officer", 403), ("auditor", 403)],
)
def test_who_may_not_report_is_offered_nothing(signed_in, role, status):
    reader = signed_in("PRY", role)
    assert "/reports/new" not in reader.open("/reports", status)
    reader.open("/reports/new", 403)


def test_a_recovery_shows_what_it_matches_whom_to_call_and_leads_there_and_back(
    police, pry_police, as_actor
):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "duty_24h",
        "hours": "24h",
        "languages": ["pt"],
        "telephone": "+55 61 0000 0000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    pry_police.post("/seizures", bodies.seizure(place={"country": "PRY", "name": "Asunción"}))
    sold(as_actor, "BRA")
    typed = TYPED | {"kind": "recovery", "occurred_on": "2026-03-05", "stolen_from": ""}
    address = police.send("/reports/new", typed).location.split("?")[0]
    page = police.open(address)
    shown = text(page)
    assert "Match with Brazil: Domestic sale" in shown and "Match with Paraguay: Seized" in shown
    assert "Whom to ask: BRA-POLICE · +55 61 0000 0000" in shown and "● Strong" in shown
    gun = re.search(r'href="(/guns/[^"]+)"', page)[1]
    for match in matches(pry_police, f"?record={gun.split('/')[2]}"):
        assert f"/matches/{match['id']}" in page
        assert f'href="{address}"' in police.open(f"/matches/{match['id']}")
    assert f'href="{address}"' in police.open(gun)


def test_of_a_record_that_is_only_pointed_to_the_page_tells_the_state_alone(
    police, pry_police, as_actor
):
    sold(as_actor, "BRA", visibility="pointer")
    made = pry_police.post("/reports", bodies.report()).json
    shown = text(police.open(f"/reports/{made['id']}"))
    assert "Match with Brazil" in shown and "Domestic sale" not in shown


def test_a_recovery_that_met_an_alert_shows_the_hit_with_its_office(police, pry_police, as_actor):
    as_actor("BRA", "police_officer").post("/alerts", bodies.alert())
    typed = TYPED | {"kind": "recovery", "occurred_on": "2026-03-09", "stolen_from": ""}
    shown = text(police.open(police.send("/reports/new", typed).location))
    assert "Hit with Brazil : Hold and call ▲ Open" in shown


def test_from_a_report_one_alert_is_entered_which_the_page_then_shows(police, pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    address, record = f"/reports/{made['id']}", made["firearm"]["record"]
    offered = f"/alerts/new?record={record}"
    assert offered in police.open(address)
    alert = entered(police, record)
    page = police.open(address)
    assert offered not in page and f'href="{alert}"' in page
    assert "Alert on ABC123456 ● Active" in text(page) and "C-17" in text(page)
    police.send(f"{alert}/cancel", {"reason": "Found", "expected_version": "1"})
    page = police.open(address)
    assert offered in page and "✕ Cancelled" in text(page)


def test_an_alert_that_lets_its_gun_pass_leaves_no_sign_beside_its_report(police, pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    address, record = f"/reports/{made['id']}", made["firearm"]["record"]

    def shown():
        return re.sub(r'nonce="[^"]*"|value="[^"]{36,}"', "", police.open(address))

    before = shown()
    entered(police, record, action="let_pass_and_inform")
    assert shown() == before and f"/alerts/new?record={record}" in before


def test_a_wrong_serial_is_corrected_from_the_page_and_matched_anew(police, pry_police, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    gun = bodies.firearm(
        serial="XYZ987654", lot="L-7", marks=[{"kind": "import", "text": "IMP 19", "state": "PRY"}]
    )
    place = {"country": "PRY", "name": "Asunción", "latitude": -25.28, "longitude": -57.63}
    body = bodies.report(
        firearm=gun,
        place=place,
        handling="H2",
        time_zone="America/Asuncion",
        occurred_at="2025-02-03T14:00:00-04:00",
        **{"from": bodies.party()},
    )
    made = pry_police.post("/reports", body).json
    address = f"/reports/{made['id']}"
    entered(police, made["firearm"]["record"])
    assert "It matches no record so far." in text(police.open(address))
    assert f'href="{address}/correct"' in police.open(address)
    form = opened(police, f"{address}/correct")
    assert form["firearm.serial"] == "XYZ987654" and form["from.name"] == "Armas del Sur"
    assert form["stolen_from"] == "private" and form["from.country"] == ""
    typed = form | {"firearm.serial": "ABC123456", "firearm.lot": "L-8", "reason": "Read again"}
    done = police.send(f"{address}/correct", typed).location
    assert done == f"{address}?done=correct"
    shown = text(police.open(done))
    for words in (
        "✓ The report is corrected, and its firearm was matched again.",
        "ABC123456",
        "Match with Brazil: Seized",
        "version 2: Read again",
        "It names another serial number than the report does now.",
    ):
        assert words in shown
    answer = pry_police.get(address).json
    changed = {"firearm", "matches", "alerts", "version", "reason", "recorded_at", "remarks"}
    assert {name: answer[name] for name in answer if name not in changed} == {
        name: made[name] for name in made if name not in changed
    }
    stored = [(mark["kind"], mark["text"]) for mark in answer["firearm"]["marks"]]
    assert sorted(stored) == [("import", "IMP 19"), ("manufacture", "ABC123456")]
    assert answer["firearm"]["lot"] == "L-8" and answer["occurred_at"]
    assert pry_police.get(f"/records/{answer['firearm']['record']}").json["handling"] == "H2"


def test_what_the_page_says_anew_takes_the_place_of_what_stood(police, pry_police):
    place = {"country": "PRY", "name": "Asunción", "latitude": -25.28, "longitude": -57.63}
    made = pry_police.post("/reports", bodies.report(place=place, **{"from": bodies.party()})).json
    address = f"/reports/{made['id']}"
    typed = opened(police, f"{address}/correct") | {
        "kind": "loss",
        "stolen_from": "",
        "place.name": "Luque",
        "from.name": "",
        "from.kind": "",
        "occurred_on": "2025-02-04",
        "reason": "No theft",
    }
    police.send(f"{address}/correct", typed)
    answer = pry_police.get(address).json
    assert (answer["kind"], answer["occurred_on"], answer["from"]) == ("loss", "2025-02-04", None)
    assert answer["place"]["name"] == "Luque" and answer["place"]["latitude"] is None


def test_a_correction_says_why_and_is_of_what_was_read(police, pry_police):
    made = pry_police.post("/reports", bodies.report()).json
    path = f"/reports/{made['id']}/correct"
    typed = opened(police, path)
    assert 'id="reason-wrong"' in police.send(path, typed, 422).text
    police.send(path, typed | {"reason": "Read again"})
    assert (
        "This was changed since you read it"
        in police.send(path, typed | {"reason": "Once more"}, 412).text
    )


def test_a_report_made_in_error_is_withdrawn_from_the_page(police, pry_police, as_actor):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    made = pry_police.post("/reports", bodies.report()).json
    address = f"/reports/{made['id']}"
    entered(police, made["firearm"]["record"])
    assert (
        'id="reason-wrong"'
        in police.send(f"{address}/withdraw", {"expected_version": "1"}, 422).text
    )
    typed = {"expected_version": "1", "reason": "The gun was in the safe"}
    page = police.open(police.send(f"{address}/withdraw", typed).location)
    shown = text(page)
    for words in (
        "✓ The report is withdrawn.",
        "The gun was in the safe",
        "It remains valid although the report was withdrawn.",
    ):
        assert words in shown
    assert "Match with" not in shown and "/correct" not in page and "/alerts/new" not in page
    assert "✕ Withdrawn" in text(police.open("/reports"))
    assert address not in police.open("/reports?status=standing")
    history = f"/guns/{made['firearm']['record']}"
    assert "Withdrawn: reported in error" in text(police.open(history))
    for name in ("correct", "withdraw"):
        assert "Report the firearm again" in text(police.open(f"{address}/{name}", 409))


def test_a_report_says_when_it_was_recorded_corrected_and_withdrawn_and_why_each_time(
    police, pry_police, app, monkeypatch
):
    made = pry_police.post("/reports", bodies.report()).json
    path = f"/reports/{made['id']}"
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=3)))
    body = bodies.report(occurred_on="2025-02-04", reason="Read again")
    pry_police.post(f"{path}/correct", body, 200, If_Match='"1"')
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=7)))
    pry_police.post(f"{path}/withdraw", {"reason": "In the safe"}, 200, If_Match='"2"')
    shown = text(police.open(path))
    for words in (
        "Recorded 9 Mar 2026, 15:00",
        "Corrected 9 Mar 2026, 15:03 version 2: Read again",
        "Withdrawn 9 Mar 2026, 15:07 version 3: In the safe",
    ):
        assert words in shown
