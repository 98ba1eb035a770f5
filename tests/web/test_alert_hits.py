"""The pages of hits: a gun matches an alert, and its state says whether it is true."""

import re
from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.alerts import jobs as alert_jobs
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.pages import text

DUTY = {
    "agency": "PRY-POLICE",
    "kind": "duty_24h",
    "languages": ["es"],
    "hours": "24 h",
    "telephone": "+595 21 0000000",
}
SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')


@beginning
def path(as_actor):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    return f"/hits/{hit['id']}"


@pytest.fixture
def owner(signed_in):
    return signed_in("PRY", "police_officer")


@pytest.fixture
def finder(signed_in):
    return signed_in("BRA", "police_officer")


def answer(visitor, path, name, **fields):
    visible = SEEN.search(visitor.open(f"{path}/{name}"))[1]
    return visitor.open(
        visitor.send(f"{path}/{name}", {"expected_version": visible} | fields).location
    )


def test_the_state_of_an_alert_confirms_a_hit_and_the_other_reads_it(owner, finder, path):
    listed = owner.open("/hits")
    assert "Your alert" in text(listed) and path in listed
    assert f"{path}/confirm" in owner.open(path) and "/confirm" not in finder.open(path)
    assert "Confirmed" in text(answer(owner, path, "confirm", note="Compared with the file"))
    assert "Compared with the file" in text(finder.open(path))


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_of_an_alert_that_was_cancelled_page_and_list_say_that_and_no_action(
    owner, finder, path, as_actor, is_confirmed
):
    if is_confirmed:
        answer(owner, path, "confirm")
    police = as_actor("PRY", "police_officer")
    [alert] = police.get("/alerts").json["items"]
    police.post(f"/alerts/{alert['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    for page in (text(finder.open(path)), text(finder.open("/hits"))):
        assert "✕ The alert was cancelled by Paraguay on" in page
        assert "✓ Confirmed" not in page and "– Expired" not in page
    shown = text(finder.open(path))
    assert "Hold and call" not in shown and ("Answered" in shown) == is_confirmed


def test_more_time_is_asked_for_with_a_reason(owner, finder, path):
    answer(owner, path, "extend", hours="3", note="File asked for")
    shown = text(finder.open(path))
    assert "Extended" in shown and "File asked for" in shown and "in 3 hours" in shown


def test_the_finder_reads_whom_to_call(finder, path, as_actor):
    admin = as_actor("PRY", "state_administrator")
    admin.post("/contacts", DUTY)
    assert "PRY-POLICE" in text(finder.open(path)) and 'href="tel:+595210000000"' in finder.open(
        path
    )


def test_hits_of_one_gun_are_listed_together(owner, as_actor):
    for serial in ("ABC123456", "KLM777888"):
        alert = bodies.alert(firearm=bodies.firearm(serial=serial))
        as_actor("PRY", "police_officer").post("/alerts", alert)
    for number, serial in enumerate(("ABC123456", "KLM777888", "ABC123456")):
        check = bodies.check(serial=serial, case_number=f"C-{number}")
        as_actor("BRA", "police_officer").post("/checks", check)
    listed = text(owner.open("/hits"))
    assert listed.count("ABC123456") == 2 and listed.count("The same gun") == 1
    assert listed.index("ABC123456") < listed.index("The same gun") < listed.index("KLM777888")


def test_it_is_judged_by_the_serial_the_gun_and_the_alert(owner, finder, path):
    for page in (text(owner.open(path)), text(owner.open("/hits"))):
        assert "ABC123456" in page and "Case number" in page
    assert "Country of manufacture" in text(owner.open(path)) and "/guns/" in owner.open(path)
    shown = text(finder.open(path))
    assert "Serial number Gun of the alert – Firearm found ABC123456" in shown
    assert "Country of manufacture" not in shown and "Reason of the alert" not in shown
    assert "ABC123456" in text(owner.open("/notifications"))


def test_of_a_gun_that_is_let_pass_the_page_says_that_nobody_is_told(as_actor, owner):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    path = f"/hits/{hit['id']}"
    assert (hit["notified"], hit["reason"] is None) == (False, False)
    assert "a call would reveal it" in text(owner.open(path))
    for page in (path, "/hits"):
        assert "◔" not in text(owner.open(page))  # no time by which anybody waits
    assert "Only your state reads it" in text(owner.open(f"{path}/confirm"))
    assert "✓ The answer is stored. Nobody else is notified" in text(answer(owner, path, "confirm"))
    assert as_actor("BRA", "police_officer").get("/hits").json["items"] == []


def test_the_finder_of_a_gun_reads_it_for_a_purpose_and_its_owner_the_alert(
    owner, finder, path, as_actor
):
    [hit] = as_actor("BRA", "police_officer").get("/hits").json["items"]
    gun = f"/guns/{hit['alert_record']}"
    assert "G2C" not in text(finder.open(path))
    assert 'id="case_number-wrong"' in finder.send(path, {"purpose": "investigation"}, 422).text
    read = {"purpose": "investigation", "case_number": "C-1"}
    assert f'href="{gun}"' in (page := finder.send(path, read, 200).text)
    assert "Make Gun of the alert Taurus" in text(page) and "Model Gun of the alert G2C" in text(
        page
    )
    assert f'href="/alerts/{hit["alert"]}"' in owner.open(path)
    assert f'href="/alerts/{hit["alert"]}"' not in finder.open(path)
    alert = as_actor("PRY", "police_officer")
    ended = f"/alerts/{hit['alert']}/cancel"
    alert.post(ended, {"reason": "Found"}, 200, If_Match='"1"')
    assert gun not in finder.open(path)


def test_a_hit_that_may_be_of_another_gun_says_to_compare_first(as_actor, owner, finder):
    other = bodies.firearm(serial="ABC123457")
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(firearm=other))
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    assert hit["possible"]
    for reader in (owner, finder):
        for page in ("/hits", f"/hits/{hit['id']}"):
            assert "Compare first: the gun may be another one." in text(reader.open(page))


def test_a_hit_links_the_record_that_caused_it(as_actor, owner):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert())
    seized = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    record = seized["items"][0]["record"]
    assert f'href="/guns/{record}"' in owner.open(f"/hits/{hit['id']}")


def test_a_warning_shows_where_reading_would_reveal_a_silent_hit(as_actor, owner):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    shown = text(owner.open(f"/hits/{hit['id']}"))
    assert (
        "The record that was found ! Brazil, which owns the record, is notified when it is read"
        in shown
    )


@pytest.mark.parametrize("name", ["confirm", "deny", "extend"])
def test_the_form_of_another_states_answer_says_at_once_whose_it_is(finder, path, name):
    page = finder.open(f"{path}/{name}", 409)
    assert "This belongs to Paraguay" in page and '<form class="form"' not in page


@pytest.mark.between_writes
def test_no_notification_of_a_hit_leads_to_a_page_that_its_reader_may_not_see(as_actor, signed_in):
    """Also of an own alert that an own seizure met away from a post, and that nobody answered."""
    police = as_actor("PRY", "police_officer")
    police.post("/alerts", bodies.alert(priority="urgent"))
    place = {"country": "PRY", "name": "Asunción"}
    police.post("/seizures", bodies.seizure(place=place))
    as_actor("PRY", "border_officer").post("/checks", bodies.check(serial="ABC123456"))
    later = operator("PRY", clock=FixedClock(NOW + timedelta(hours=2)))
    with transaction(later):
        alert_jobs.review_alerts(actor=later)
    led = set()
    for role in ("police_officer", "trace_analyst", "supervisor", "border_officer"):
        reader = signed_in("PRY", role)
        for link in {*re.findall(r'href="(/hits/[^"]+)"', reader.open("/notifications"))}:
            reader.open(link)
            led.add((role, link))
    assert len(led) >= 6


@pytest.fixture
def hit_page(as_actor):
    """The page of a hit on a gun that Brazil seized, described otherwise than the alert has it."""

    def enter(alert=None, **seized):
        as_actor("PRY", "police_officer").post("/alerts", bodies.alert(**alert or {}))
        gun = bodies.firearm(
            model="TS9", calibre=".40 S&W", marks=[{"kind": "import", "text": "PY 25"}]
        )
        as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=[gun], **seized))
        [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
        return f"/hits/{hit['id']}"

    return enter


@pytest.mark.parametrize("name", ["", "/confirm", "/deny", "/extend"])
def test_hit_and_form_show_both_guns_field_by_field(owner, hit_page, name):
    shown = text(owner.open(f"{hit_page()}{name}"))
    for words in (
        "Recorded by Gun of the alert Paraguay Firearm found Brazil",
        "Serial number Gun of the alert ABC123456 Firearm found ABC123456",
        "Model Gun of the alert G2C Firearm found TS9 ≠ differs",
        "Calibre Gun of the alert 9x19 Firearm found .40 S&amp;W ≠ differs",
        "Make Gun of the alert Taurus Firearm found Taurus Model",
        "Firearm found ABC123456 Manufacture mark PY 25 Import mark",
        "Brazil, Place: Shown only to the states that it concerns",
        "Brazil reads that its record was given to your state, in case A-1.",
    ):
        assert words in shown
    assert "Foz do Igua" not in shown


def test_a_hit_of_a_check_is_compared_by_all_that_was_asked(owner, path):
    body = text(owner.open(f"{path}/confirm"))
    assert "Model Gun of the alert G2C Firearm found –" in body
    assert "Make Gun of the alert Taurus Firearm found Taurus" in body
    assert "Calibre Gun of the alert 9x19 Firearm found 9x19" in body
    assert (
        "Brazil reads that what it asked in its check was given to your state, in case A-1." in body
    )


def test_a_gun_that_the_own_state_seized_is_compared_with_its_place(as_actor, owner):
    police = as_actor("PRY", "police_officer")
    police.post("/alerts", bodies.alert())
    police.post("/seizures", bodies.seizure(place={"country": "PRY", "name": "Asunción"}))
    [hit] = police.get("/hits").json["items"]
    shown = text(owner.open(f"/hits/{hit['id']}"))
    assert "Place Gun of the alert – Firearm found Asunción, Paraguay" in shown
    assert "reads that its record was given" not in shown


def test_the_form_of_a_hit_that_nobody_there_knows_of_reads_nothing_of_theirs(as_actor, owner):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    shown = text(owner.open(f"/hits/{hit['id']}/confirm"))
    assert (
        "What Brazil recorded of it is not shown here. Brazil is notified when it is read" in shown
    )
    assert "Firearm found ABC123456" in shown and "Firearm found Taurus" not in shown
    given = as_actor("BRA", "auditor").get("/audit?action=record:disclosed").json["items"]
    assert given == []
    assert "/extend" not in owner.open(f"/hits/{hit['id']}")
    assert "Nobody waits for this answer" in text(owner.open(f"/hits/{hit['id']}/extend", 409))
    assert "nobody waits for an answer" in text(owner.open(f"/alerts/{hit['alert']}"))


@pytest.mark.parametrize(
    ("language", "listed", "shown"),
    [
        (
            "es",
            "Hasta que el Estado de la alerta la confirme",
            "Paraguay ve que el Estado de usted",
        ),
        ("pt", "Até que o Estado do alerta a confirme", "o Paraguai vê que o seu Estado"),
    ],
)
def test_whose_alert_it_is_is_never_said_as_if_it_were_the_readers(
    finder, path, language, listed, shown
):
    assert listed in text(finder.open("/hits", Accept_Language=language))
    assert shown in text(finder.open(path, Accept_Language=language))
