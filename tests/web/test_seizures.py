"""The page of a seizure: what was recorded, marks, matches, traces and files, and who may see it."""

import re
from datetime import timedelta
from io import BytesIO

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies, files
from tests.support.matches import correct
from tests.web.pages import text
from tests.web.test_seizing import TYPED

MARKS = [
    {
        "kind": "import",
        "text": "IMP <19>",
        "state": "PRY",
        "year": 2019,
        "location": "slide",
        "condition": "altered",
    }
]


def record(as_actor, **changes):
    body = bodies.seizure(items=[bodies.firearm(marks=MARKS)]) | changes
    return as_actor("BRA", "police_officer").post("/seizures", body).json


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "police_officer")


def test_a_seizure_shows_what_was_recorded_and_its_marks_as_stamped(officer, as_actor):
    crime = {"linked": "suspected", "basis": "intelligence", "group": "Grupo Ficticio"}
    made = record(
        as_actor,
        organized_crime=crime,
        concealment="In a spare wheel",
        found_with=[{"kind": "cash"}],
    )
    page = officer.open(f"/seizures/{made['id']}")
    shown = text(page)
    for words in (
        "Seizure S-1",
        "Seized 1 Mar 2026 Brazil",
        "ABC123456",
        "BRA-POLICE",
        "Foz do Iguaçu, Brazil",
        "Illicit possession",
        "Drug trafficking",
        "Suspected",
        "Grupo Ficticio",
        "In a spare wheel",
        "cash",
        "IMP &lt;19&gt;",
        "Paraguay 2019",
        "slide",
    ):
        assert words in shown
    in_portuguese = text(officer.open(f"/seizures/{made['id']}", Accept_Language="pt"))
    assert "ferrolho" in in_portuguese and "slide" not in in_portuguese
    assert "<code>IMP &lt;19&gt;</code>" in page and '<svg class="map"' in page


def test_a_seizure_leads_to_its_matches_its_traces_and_their_pages_lead_back(
    officer, as_actor, signed_in
):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    made = record(as_actor)
    address = f"/seizures/{made['id']}"
    assert "No trace was asked for yet." in officer.open(address)
    trace = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace_of(made["id"])).json
    page = officer.open(address)
    match = re.search(r'href="(/matches/[^"]+)"', page)[1]
    assert f'href="/traces/{trace["id"]}"' in page and "● Completed ✓ Traced" in text(page)
    assert f'href="/traces/new?seizure={made["id"]}&amp;item=1"' in page
    history = f"/guns/{made['items'][0]['record']}"
    for other in (match, f"/traces/{trace['id']}", history):
        assert f'href="{address}"' in officer.open(other)


def test_a_request_leads_to_the_own_seizure_that_could_answer_it(signed_in, as_actor):
    made = record(as_actor, visibility="pointer")
    as_actor("PRY", "trace_analyst").post("/traces", bodies.trace(found_on="2026-03-05"))
    [asked] = as_actor("BRA", "trace_analyst").get("/requests").json["items"]
    page = signed_in("BRA", "trace_analyst").open(f"/requests/{asked['id']}")
    assert f'href="/seizures/{made["id"]}"' in page


def test_the_serial_is_checked_from_the_page(officer, as_actor):
    made = record(as_actor)
    page = officer.open(f"/seizures/{made['id']}")
    form = page[page.index('action="/checks/new"') :]
    sent = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert sent.pop("csrf_token") and sent["purpose"] == "seizure" and sent["case_number"] == "S-1"
    answer = text(officer.send("/checks/new", sent, 200).text)
    assert "Not in the records searched" in answer and "Hit" not in answer  # but by itself


def test_what_is_attached_is_listed_and_handed_out(officer, as_actor, examiner):
    made = record(as_actor)
    files.attach(examiner, f"seizure:{made['id']}", files.photograph(), kind="photograph")
    page = officer.open(f"/seizures/{made['id']}")
    answer = officer.client.get(re.search(r'href="(/attachments/[^"]+/file)"', page)[1])
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]


def test_a_correction_is_reported_with_its_reason(officer, as_actor, police):
    made = record(as_actor)
    body = bodies.seizure(reason="Wrong street", items=[bodies.firearm(serial="ABC999999")])
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    shown = text(officer.open(f"/seizures/{made['id']}"))
    assert "version 2: Wrong street" in shown and "ABC999999" in shown


def test_another_states_seizure_is_read_for_a_purpose_where_it_concerns_the_own(
    signed_in, as_actor
):
    made = record(as_actor, joint_with={"state": "PRY", "number": "P-1"})
    neighbour = signed_in("PRY", "police_officer")
    page = neighbour.open(f"/seizures/{made['id']}")
    assert "ABC123456" not in page and 'name="case_number"' in page
    path = f"/seizures/{made['id']}"
    assert 'id="case_number-wrong"' in neighbour.send(path, {"purpose": "investigation"}, 422).text
    answer = neighbour.send(path, {"purpose": "investigation", "case_number": "C-1"}, 200).text
    assert "ABC123456" in answer and "/traces/new" not in answer
    assert as_actor("BRA", "auditor").get("/audit?action=record:disclosed").json["items"]


def test_an_examiner_sees_no_trace_and_is_offered_none(signed_in, as_actor):
    page = signed_in("BRA", "forensic_examiner").open(f"/seizures/{record(as_actor)['id']}")
    assert "Its traces" not in page and "/traces/new" not in page


def test_each_match_says_of_which_gun_it_is_as_far_as_the_reader_may_know_it(
    officer, as_actor, signed_in, pry
):
    for serial, visibility in (("TKA52381", "open"), ("TKA52382", "pointer")):
        gun = bodies.firearm(serial=serial)
        pry.post("/transfers", bodies.transfer(number=serial, firearm=gun, visibility=visibility))
    own = bodies.transfer(number="T-3", firearm=bodies.firearm(serial="TKA52383", model="G3"))
    as_actor("BRA", "licensing_officer").post("/transfers", own)
    made = record(as_actor, items=[bodies.firearm(serial="TKA5238?")])
    page = officer.open(f"/seizures/{made['id']}")
    listed = page[page.index("What it matches") :].partition("</ul>")[0]
    assert listed.count("<li>") == 3
    shown = text(f"<main>{listed}")
    assert "Match with Paraguay: Domestic sale, 6 May 2024" in shown
    assert "TKA52381 Taurus · G2C" in shown and "TKA52383 Taurus · G3" in shown
    assert "TKA52382" not in page


SALES = 12  # more than are proposed of a gun


def sell_often(client, serial):
    """Let a gun be sold from one owner to the next, more often than matches are proposed."""
    gun = bodies.firearm(serial=serial)
    for number in range(SALES):
        number = f"{serial}-{number}"
        client.post("/transfers", bodies.transfer(kind="private_sale", number=number, firearm=gun))


def test_how_many_records_fit_less_well_than_the_matches_is_said_with_a_way_to_all_of_them(
    officer, as_actor, pry
):
    sell_often(pry, "TKA52381")
    made = record(as_actor, items=[bodies.firearm(serial="TKA5238?")])
    page = officer.open(f"/seizures/{made['id']}")
    listed = page[page.index("What it matches") :].partition("</ul>")[0].count("<li>")
    result = f"Records that fit less well and are not listed: {SALES - listed}."
    assert listed < SALES and result in text(page)
    assert "A check of the serial number lists all of them." in text(page)
    assert '<input type="hidden" name="all" value="true">' in page


def test_guns_of_many_matches_are_looked_for_by_one_question(officer, as_actor, asked, pry):
    for serial in ("TKA52381", "MRB77411"):
        sell_often(pry, serial)

    def opened(made):
        asked.clear()
        page = officer.open(f"/seizures/{made['id']}")
        assert sum("salsa_similar_marks" in value for value in asked) == 1
        return page, len(asked)

    guns = [
        bodies.firearm(line=line, serial=serial)
        for line, serial in enumerate(("TKA5238?", "MRB7741?"), start=1)
    ]
    opened(record(as_actor, number="S-0", items=guns[:1]))  # what a process reads once is read
    first, few = opened(record(as_actor, number="S-1", items=guns[:1]))
    two, more = opened(record(as_actor, number="S-2", items=guns))
    value = "Records that fit less well and are not listed"
    assert (first.count(value), two.count(value)) == (1, 2)
    assert few == more


def test_a_seizure_says_when_it_was_recorded_and_why_each_version_was_corrected(
    officer, as_actor, app, monkeypatch
):
    made = record(as_actor)
    for version, (minutes, why) in enumerate([(2, "Serial read again"), (9, "Model was missing")]):
        monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=minutes)))
        body = bodies.seizure(reason=why)
        correct(
            as_actor("BRA", "police_officer"), "seizures", made | {"version": version + 1}, body
        )
    shown = text(officer.open(f"/seizures/{made['id']}"))
    for words in (
        "Recorded 9 Mar 2026, 15:00",
        "Corrected 9 Mar 2026, 15:02 version 2: Serial read",
        "Corrected 9 Mar 2026, 15:09 version 3: Model was missing",
    ):
        assert words in shown


def test_the_form_has_the_link_to_organized_crime_the_route_and_whose_the_gun_was(
    officer, as_actor
):
    typed = {
        "agency": "BRA-POLICE",
        "items.0.owner_kind": "police",
        "items.0.handed_in": "true",
        "organized_crime.linked": "suspected",
        "organized_crime.basis": "ballistics",
        "transport": "sea",
        "route.departure": "PRY",
        "route.transit": "ury, arg",
    }
    answer = officer.send("/seizures/new", TYPED | typed)
    key = answer.location.split("/")[-2]
    seizure = as_actor("BRA", "police_officer").get(f"/seizures/{key}").json
    assert (seizure["organized_crime"]["linked"], seizure["transport"]) == ("suspected", "sea")
    assert seizure["route"] == {"departure": "PRY", "transit": ["URY", "ARG"], "destination": None}
    assert (seizure["items"][0]["owner_kind"], seizure["items"][0]["handed_in"]) == ("police", True)


def test_an_error_of_a_service_firearm_names_which_of_several_it_is(officer):
    second = {"items.1.serial": "ABC123457", "items.1.handed_in": "true"}
    page = officer.send("/seizures/new", TYPED | second, 422).text
    assert '<a href="#items-1-handed_in">Firearm 2 – Service firearm handed in</a>' in page


def test_what_became_of_a_gun_is_entered_and_shown_on_its_page(officer, as_actor):
    path = f"/seizures/{record(as_actor)['id']}"
    given = {"from": "Store 9", "to": "Court", "occurred_at": "2026-03-05T10:00", "once": "1"}
    officer.send(f"{path}/handover", given)
    shown = text(officer.open(path))
    assert "How it came from BRA-POLICE to Store 9 before 5 Mar 2026 is not recorded." in shown
    returned = {"kind": "returned", "occurred_on": "2026-03-06", "to.name": "Ana Ejemplo"}
    officer.send(f"{path}/disposition", returned | {"lines": "1", "once": "2"})
    shown = text(officer.open(path))
    assert "No longer in custody." in shown and "Returned to its owner" in shown


def test_the_form_of_a_disposition_asks_which_of_several_guns_it_is_about(
    officer, as_actor, police
):
    guns = [bodies.firearm(line=line, serial=f"ABC12345{line}") for line in (1, 2, 3)]
    path = f"/seizures/{record(as_actor, items=guns)['id']}"
    page = officer.open(f"{path}/disposition?line=2")
    assert re.search(r'name="lines"[^>]* value="2"', page) and "ABC123453" in page
    typed = {"kind": "destroyed", "occurred_on": "2026-03-06", "act_number": "D-1"}
    assert 'id="lines-wrong"' in officer.send(f"{path}/disposition", typed, 422).text
    backwards = typed | {"lines": "2-1", "once": "1"}
    assert 'id="lines-wrong"' in officer.send(f"{path}/disposition", backwards, 422).text
    officer.send(f"{path}/disposition", typed | {"lines": "1 - 2", "once": "2"})
    custody = police.get(f"{path}/custody").json["items"]
    assert [item["in_custody"] for item in custody] == [False, False, True]
    page = officer.open(path)
    offered = [f"{path}/handover?line={line}" in page for line in (1, 2, 3)]
    assert offered == [False, False, True] and f'href="{path}/handover"' in page
    officer.send(f"{path}/disposition", typed | {"lines": "3", "once": "3"})
    assert f"{path}/handover" not in officer.open(path)


def test_many_guns_are_a_list_of_lines_to_open(officer, as_actor):
    guns = [bodies.firearm(line=line, serial=f"QX7{line}4{line}11") for line in range(1, 7)]
    page = officer.open(f"/seizures/{record(as_actor, items=guns)['id']}")
    lines = re.findall(r'<li id="line-\d"><details>\s*<summary><h3><code>(\w+)</code>', page)
    assert lines == [gun["serial"] for gun in guns]


def test_a_hand_over_shows_the_name_of_an_agency_and_stores_its_code(officer, as_actor, police):
    agency = {"code": "BRA-DEPOT", "kind": "police", "name": "Depósito Central", "time_zone": "UTC"}
    as_actor("BRA", "state_administrator").post("/agencies", agency)
    path = f"/seizures/{record(as_actor)['id']}"
    given = {"from": "BRA-POLICE", "to": "Depósito Central", "occurred_at": "2026-03-05T10:00"}
    officer.send(f"{path}/handover", given | {"lines": "1", "once": "1"})
    [item] = police.get(f"{path}/custody").json["items"]
    assert item["holder"] == "BRA-DEPOT"
    page = officer.open(f"{path}/handover?line=1")
    assert re.search(r'name="from"[^>]* value="Depósito Central"', page)
    assert "BRA-POLICE → Depósito Central" in page
    given |= {"from": "Store 9", "to": "Court", "occurred_at": "2026-03-05T11:00"}
    officer.send(f"{path}/handover", given | {"lines": "1", "once": "2"})
    assert "How it came from Depósito Central to Store 9" in text(officer.open(path))


def test_a_withdrawn_seizure_and_its_match_say_so(officer, as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    path = f"/seizures/{record(as_actor)['id']}"
    match = re.search(r'href="(/matches/[^"]+)"', officer.open(path))[1]
    why = {"reason": "Entered twice", "expected_version": "1", "once": "1"}
    officer.send(f"{path}/withdraw", why)
    page = officer.open(path)
    assert "It was withdrawn: it was made in error. Entered twice" in text(page)
    assert match not in page and "In custody of" not in page
    page = officer.open(match)
    assert "The seizure was withdrawn." in page and "A correction took" not in page
    assert f"{match}/confirm" not in page


def test_an_examiner_adds_a_restored_mark_and_sees_what_it_matches(signed_in, as_actor):
    sold = bodies.transfer(firearm=bodies.firearm(serial="KLM777888"))
    as_actor("BRA", "licensing_officer").post("/transfers", sold)
    seizure = f"/seizures/{record(as_actor)['id']}"
    examiner = signed_in("BRA", "forensic_examiner")
    page = examiner.open(seizure)
    assert f'href="{seizure}/items/1/mark"' in page and f'href="{seizure}/attach"' in page
    assert f'href="{seizure}/items/1/mark"' in examiner.open(
        re.search(r'href="(/guns/[^"]+)"', page)[1]
    )
    mark = {
        "text": "KLM777888",
        "kind": "manufacture",
        "method": "magnetic",
        "location": "frame",
        "reason": "Restored",
    }
    image = {"photo": (BytesIO(files.photograph()), "frame.jpg")}
    answer = examiner.send(f"{seizure}/items/1/mark", mark | image)
    assert answer.location == f"{seizure}?done=marked#line-1"
    shown = text(examiner.open(answer.location))
    assert "KLM777888 Kind Manufacture mark" in shown and "Magnetic restoration" in shown
    assert "Match with Brazil" in shown and "KLM777888 photograph" in shown
    report = {"kind": "laboratory_report", "title": "Report 7", "handling": "H2"}
    assert "This field is required." in examiner.send(f"{seizure}/attach", report, 422).text
    examiner.send(f"{seizure}/attach", report | {"photo": (BytesIO(files.pdf()), "r.pdf")})
    assert "Report 7" in examiner.open(seizure)
