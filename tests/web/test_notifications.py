"""The page of notifications, and the count in the head of every page."""

import re
from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.alerts import jobs as alert_jobs
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject
from tests import conftest
from tests.support import bodies
from tests.web import scenes
from tests.web.pages import text

FIELD = re.compile(r'name="(once|next|until|kind|code|subject_id)" value="([^"]+)"')


def button(page, word):
    """Return the fields of the first form with a button of this word."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    return dict(FIELD.findall(next(form for form in forms if word in form)))


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "border_officer")


def test_the_page_says_what_happened_to_what_newest_first(officer):
    scenes.notify_officers("PRY", "A-1", "A-2")
    page = officer.open("/notifications")
    assert page.index("A-2") < page.index("A-1")
    assert "A shipment that concerns your state was posted." in page
    assert "Shipment A-1</a> · Brazil" in " ".join(page.split())
    assert "9 Mar 2026, 15:00 (UTC+00:00)" in page


@pytest.mark.parametrize("page", ["/verify", "/forms", "/notifications"])
def test_every_page_of_who_is_signed_in_counts_what_waits(officer, page):
    scenes.notify_officers("PRY", "A-1")
    assert "unread: 1" in officer.open(page)


def test_one_that_was_read_is_no_longer_new(officer):
    scenes.notify_officers("PRY", "A-1")
    page = officer.open("/notifications")
    assert "Mark as read" in page and "New" in page
    answer = officer.send("/notifications", button(page, "Mark as read"))
    assert answer.location == "/notifications"
    page = officer.open("/notifications")
    assert "Mark as read" not in page and "A-1" in page
    assert "Nothing is waiting for you." in officer.open("/notifications?unread=true")


def test_every_page_says_how_many_are_unread(officer):
    assert "unread:" not in officer.open("/")
    scenes.notify_officers("PRY", "A-1", "A-2")
    for path in ("/", f"/posts/{scenes.POST}/board", "/notifications"):
        assert "unread: 2" in officer.open(path)
    officer.send("/notifications", button(officer.open("/notifications"), "Mark as read"))
    assert "unread: 1" in officer.open("/")


def test_an_object_is_one_line_with_what_happened_before(officer, actor):
    acting, truck = actor("BRA"), Subject(new_id(), "BRA", "N-1", "shipment")
    with transaction(acting):
        codes = ("shipment_posted", "shipment_released", "shipment_amended")
        notices = [Notice("PRY", code, truck, roles=("border_officer",)) for code in codes]
        notify_many(acting, notices)
    scenes.notify_officers("PRY", *(f"A-{number:02}" for number in range(25)))
    assert "N-1" not in officer.open("/notifications")
    older = re.search(r'href="(/notifications\?cursor=[^"]+)"', officer.open("/notifications"))[1]
    page = officer.open(older)
    assert text(page).count("N-1") == 2  # its link, and its button
    assert page.index("was amended") < page.index("Earlier: 2") < page.index("was released")
    officer.send("/notifications", button(page, "N-1"))
    assert "unread: 25" in officer.open("/")
    officer.send("/notifications", button(officer.open("/notifications"), "Mark all as read"))
    assert "unread" not in text(officer.open("/notifications"))


def test_many_unread_are_shown_as_many(officer):
    scenes.notify_officers("PRY", *(f"A-{number}" for number in range(120)))
    page = officer.open("/notifications")
    assert ">99+<" in page and "unread: 120" in page


@pytest.fixture
def analyst(signed_in):
    return signed_in("PRY", "trace_analyst")


@pytest.fixture
def notify_analysts(actor):
    """Tell Paraguay's trace analysts of what happened: `notify_analysts("hit_made", "match_proposed")`."""

    def run(*codes):
        acting = actor("BRA")
        with transaction(acting):
            notify_many(
                acting,
                [
                    Notice(
                        "PRY",
                        code,
                        Subject(new_id(), "BRA", f"N-{at}", "permit"),
                        roles=("trace_analyst",),
                    )
                    for at, code in enumerate(codes)
                ],
            )

    return run


def test_the_many_of_a_kind_are_one_line(analyst, notify_analysts):
    notify_analysts("trace_answered", *["match_proposed"] * 30)
    page = analyst.open("/notifications")
    assert text(page).count("may be of the same gun") == 1 and "Match: 30" in text(page)
    assert 'href="/matches"' in page and "A state answered your trace." in page


def test_alarms_come_first_each_with_its_mark_and_in_the_head_of_every_page(officer, actor):
    acting = actor("BRA")
    notify_analysts = [
        ("hit_made", "hit"),
        ("shipment_passed_held", "shipment"),
        ("post_called", "post"),
        ("shipment_posted", "shipment"),
        ("shipment_incident", "shipment"),
    ]
    with transaction(acting):
        notify_many(
            acting,
            [
                Notice(
                    "PRY",
                    code,
                    Subject(new_id(), "BRA", f"N-{at}", kind),
                    {"kind": "theft"} if code == "shipment_incident" else {"post": scenes.POST},
                    roles=("border_officer",),
                )
                for at, (code, kind) in enumerate(notify_analysts)
            ],
        )
    page = officer.open("/notifications")
    above, _, below = page.partition('<h2 id="rest"')
    marks = re.findall(r'<p class="what"[^>]*><svg .*?#([a-z-]+)"></use></svg> ([^<]+)<', above)
    assert [mark for mark, _ in marks] == ["flag", "triangle-alert", "siren"]  # the newest first
    assert marks[0][1].endswith("concerns your state: Theft.")
    assert "N-3" in below and "N-3" not in above and "N-0" not in below
    assert "alarms: 3" in officer.open("/") and "unread: 5" in officer.open("/")


def test_those_of_a_kind_are_listed_and_read_at_once(analyst, notify_analysts):
    notify_analysts("trace_answered", "permit_posted", *["match_proposed"] * 30)
    page = analyst.open("/notifications?kind=permit&unread=true")
    assert page.count('class="what"') == 25 and "Older" in page
    assert "N-0" not in page  # the first of 32
    one_line = text(analyst.open("/notifications")).partition("Match: 30")[2]
    assert "A state answered your trace." in one_line
    many = button(analyst.open("/notifications"), 'value="match_proposed"')
    assert analyst.send("/notifications", many).location == "/notifications"
    assert "Match: 30" not in text(analyst.open("/notifications"))
    of_permits = button(analyst.open("/notifications?kind=permit"), "Mark all as read")
    assert of_permits["kind"] == "permit"
    kinds = re.findall(r'<option value="(\w+)"', analyst.open("/notifications"))
    assert "match" in kinds and "lookup" in kinds and not {"webhook", "canary"} & {*kinds}
    analyst.send("/notifications", of_permits)
    assert "unread:" not in text(analyst.open("/notifications"))


def test_after_a_refused_reading_filters_and_pages_lead_on(officer):
    scenes.notify_officers("PRY", *(f"A-{number:02}" for number in range(30)))
    page = officer.send("/notifications", {"until": "x"}, 422).text
    assert 'class="filters" action="/notifications"' in page
    assert 'href="/notifications?cursor=' in page and 'href="/notifications/' not in page


def test_older_ones_are_a_page_away(officer):
    scenes.notify_officers("PRY", *(f"A-{number:02}" for number in range(30)))
    first = officer.open("/notifications?unread=true")
    assert "A-29" in first and "A-04" not in first
    older = re.search(r'href="(/notifications\?unread=true&amp;cursor=[^"]+)"', first)[1]
    second = officer.open(older.replace("&amp;", "&"))
    assert "A-04" in second and "A-05" not in second and "Older" not in second


def test_another_states_and_another_roles_are_not_shown(officer, signed_in):
    scenes.notify_officers("BOL", "A-1")
    assert "There are no notifications." in officer.open("/notifications")
    scenes.notify_officers("PRY", "A-2")
    assert "A-2" not in signed_in("PRY", "police_officer").open("/notifications")


def test_the_secretariat_has_none_and_no_link_to_them(signed_in):
    someone = signed_in(None, "secretariat")
    assert "/notifications" not in someone.open("/")
    assert "You cannot do this" in someone.open("/notifications", 403)


def test_they_are_in_the_order_of_their_moments_whenever_they_were_written(officer):
    """Of a region that was moved here, the oldest may have been written last."""
    scenes.notify_officers("PRY", "A-NEW")
    scenes.notify_officers(
        "PRY", *(f"A-OLD-{at:02}" for at in range(26)), at=conftest.NOW - timedelta(days=9)
    )
    scenes.notify_officers("PRY", "A-OLDER", at=conftest.NOW - timedelta(days=20))
    first = officer.open("/notifications?unread=true")
    assert first.index("A-NEW") < first.index("A-OLD-25") and "A-OLDER" not in first
    older = re.search(r'href="(/notifications\?unread=true&amp;cursor=[^"]+)"', first)[1]
    second = officer.open(older.replace("&amp;", "&"))
    assert second.index("A-OLD-01") < second.index("A-OLDER") and "A-OLD-02" not in second


def test_a_notification_of_an_alert_leads_to_its_page(signed_in, pry_police):
    alert = pry_police.post("/alerts", bodies.alert(expires_on="2026-03-20")).json["id"]
    later = operator("PRY", clock=FixedClock(conftest.NOW + timedelta(days=11)))
    with transaction(later):
        alert_jobs.review_alerts(actor=later)
    reader = signed_in("PRY", "police_officer")
    assert f'href="/alerts/{alert}"' in reader.open("/notifications")
    reader.open(f"/alerts/{alert}")


def test_news_of_a_corrected_record_lead_to_what_it_says_now(as_actor, signed_in):
    pry, bra = (as_actor(state, "police_officer") for state in ("PRY", "BRA"))
    made = pry.post("/reports", bodies.report()).json
    bra.post("/checks", bodies.check())
    body = bodies.report(reason="Read again")
    pry.post(f"/reports/{made['id']}/correct", body, 200, If_Match='"1"')
    page = signed_in("BRA", "police_officer").open("/notifications")
    assert "A state corrected a record that yours had received" in text(page)
    assert f'href="/guns/{made["firearm"]["record"]}"' in page


def test_news_of_what_was_pointed_to_name_the_check_and_lead_nowhere(as_actor, signed_in):
    pry, bra = (as_actor(state, "police_officer") for state in ("PRY", "BRA"))
    made = pry.post("/reports", bodies.report(visibility="pointer")).json
    bra.post("/checks", bodies.check())
    why = {"reason": "Entered in error"}
    pry.post(f"/reports/{made['id']}/withdraw", why, 200, If_Match='"1"')
    page = signed_in("BRA", "police_officer").open("/notifications")
    assert "Check · Paraguay" in text(page) and "/guns/" not in page


@pytest.mark.between_writes
def test_matches_of_one_gun_are_one_line(signed_in, as_actor):
    other = bodies.firearm(serial="KLM777888")
    seller = as_actor("PRY", "licensing_officer")
    sold, sold_other = (
        seller.post("/transfers", bodies.transfer(firearm=gun)).json["firearm"]["record"]
        for gun in (bodies.firearm(), other)
    )
    for number, (state, gun) in enumerate(
        (("BRA", bodies.firearm()), ("BRA", other), ("URY", bodies.firearm()))
    ):
        place = {"country": state, "name": "Exemplo"}
        seizure = bodies.seizure(number=f"S-{number}", place=place, items=[gun])
        police = as_actor(state, "police_officer")
        police.post("/seizures", seizure | {"agency": f"{state}-POLICE"})
    page = signed_in("PRY", "police_officer").open("/notifications?code=match_proposed")
    lines = text(page)
    assert lines.count("Match ABC123456 · ") == lines.count("Match KLM777888 · ") == 1
    assert page.count(f'href="/guns/{sold}"') == 1 and f'href="/guns/{sold_other}"' not in page
