"""The pages of matches: the list, one with both records, and what a state says to it."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.matches import correct, matches, sold
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')
FOR_A_CASE = {"purpose": "investigation", "case_number": "C-7"}


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "police_officer")


@beginning
def match(as_actor, police):
    """Brazil seized a gun that Paraguay registered as sold; returns Brazil's match."""
    sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [found] = matches(police)
    return found


def judge(officer, match, verb, expect=303, expected_version=None, **fields):
    path = f"/matches/{match['id']}/{verb}"
    shown = SEEN.search(officer.open(path))[1]
    return officer.send(path, {"expected_version": expected_version or shown} | fields, expect)


def test_the_list_shows_the_own_gun_the_other_state_and_the_status(officer, match):
    page = officer.open("/matches")
    shown = text(page)
    assert "Seized, 1 Mar 2026 ≈ with Paraguay" in shown
    assert "ABC123456 Pistol · Taurus · G2C · 9x19" in shown
    assert "Gun of the other record ABC123456 Pistol · Taurus · G2C Worth a look" in shown
    assert "● Strong evidence" in shown and "○ Proposed" in shown
    assert f'href="/matches/{match["id"]}"' in page


def test_the_matches_of_one_gun_differ_by_what_happened_to_the_other(
    as_actor, officer, match, signed_in
):
    as_actor("PRY", "police_officer").post("/reports", bodies.report(occurred_on="2026-02-03"))
    shown = text(officer.open("/matches"))
    assert "≈ with Paraguay: Theft, 3 Feb 2026" in shown
    assert shown.index("Reported stolen in Paraguay") < shown.index("Sold in Paraguay")
    assert shown.count("≈ with Paraguay: ") == 2
    assert "with Brazil: Seized, 1 Mar 2026" in text(
        signed_in("PRY", "police_officer").open("/matches")
    )


def test_a_row_of_a_pointer_shows_no_event(as_actor, police, officer):
    sold(as_actor, visibility="pointer")
    police.post("/seizures", bodies.seizure())
    shown = text(officer.open("/matches?worth=pointer"))
    assert "≈ with Paraguay" in shown and "with Paraguay:" not in shown
    assert "Ask the state: it discloses no more" in shown
    assert "Strong evidence" not in shown.split("≈")[1]


def test_what_another_state_does_not_disclose_is_a_question_to_it_and_no_pair(
    as_actor, police, signed_in
):
    sold(as_actor, visibility="pointer")
    seized = police.post("/seizures", bodies.seizure()).json
    officer = signed_in("BRA", "trace_analyst")
    pairs = officer.open("/matches")
    assert "≈" not in text(pairs)
    [link] = re.findall(r'href="(/matches\?worth=pointer)"', pairs)
    questions = officer.open(link)
    assert "≈ with Paraguay" in text(questions)
    assert "Records to ask another state for" not in questions
    assert f"/traces/new?seizure={seized['id']}&amp;item=1" in questions


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=proposed", True),
        ("status=confirmed", False),
        ("strength=strong", True),
        ("strength=moderate", False),
        ("worth=crime", True),
        ("worth=missing", False),
        ("state=PRY", True),
        ("state=ARG", False),
        ("current=false", False),
    ],
)
def test_the_list_is_filtered(officer, match, query, found):
    page = officer.open(f"/matches?{query}")
    assert (match["id"] in page) is found
    assert ("Nothing matches these filters." in page) is not found


def test_a_match_says_why_and_shows_of_the_other_record_what_the_list_shows(officer, match):
    shown = text(officer.open(f"/matches/{match['id']}"))
    assert "For: The serial is the same." in shown
    assert "Your record Seized" in shown and "Ana Ejemplo" not in shown
    assert "Paraguay Domestic sale" in shown and "Armas del Sur" not in shown
    assert "Read the record of Paraguay" in shown and "Next match" not in shown


@pytest.mark.parametrize(("day", "is_noted"), [("2026-02-27", False), ("2026-03-02", True)])
def test_a_gun_stolen_after_it_was_seized_is_pointed_out(officer, as_actor, police, day, is_noted):
    as_actor("PRY", "police_officer").post("/reports", bodies.report(occurred_on=day))
    police.post("/seizures", bodies.seizure(occurred_on="2026-03-01"))
    [match] = matches(police)
    page = officer.open(f"/matches/{match['id']}")
    assert ("The loss or theft is dated after the gun was found." in page) is is_noted


def test_for_a_purpose_and_a_case_both_are_side_by_side_and_the_owner_reads_it(
    officer, match, as_actor
):
    shown = text(officer.send(f"/matches/{match['id']}", FOR_A_CASE, 200).text)
    assert "Your record Seized Paraguay Domestic sale" in shown
    assert "Paraguay Armas del Sur" in shown
    assert "Ana Ejemplo" not in shown and "Individual" in shown
    entries = as_actor("PRY", "auditor").get("/audit").json["items"]
    [read] = [entry for entry in entries if entry["action"] == "record:disclosed"]
    assert (read["purpose"], read["case_number"]) == ("investigation", "C-7")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"purpose": "investigation", "case_number": ""}, "case_number"),
        ({"purpose": "", "case_number": "C-7"}, "purpose"),
    ],
)
def test_without_a_purpose_and_a_case_the_other_record_is_not_read(officer, match, fields, field):
    page = officer.send(f"/matches/{match['id']}", fields, 422).text
    assert f'id="{field}-wrong"' in page and "Armas del Sur" not in page


def test_two_records_of_the_own_state_need_no_purpose(officer, as_actor, police):
    sold(as_actor, "BRA")
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    shown = text(officer.open(f"/matches/{match['id']}"))
    assert "Your record Seized Your other record Domestic sale" in shown
    assert "Read the record of" not in shown


def test_of_a_pointer_the_page_says_whom_to_ask(officer, as_actor, police):
    duty = {
        "agency": "PRY-POLICE",
        "kind": "duty_24h",
        "languages": ["es"],
        "hours": "24 h",
        "telephone": "+595 21 0000000",
    }
    as_actor("PRY", "state_administrator").post("/contacts", duty)
    sold(as_actor, visibility="pointer")
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    shown = text(officer.open(f"/matches/{match['id']}"))
    assert "Paraguay lets it be known that it holds a record, and no more." in shown
    assert "+595 21 0000000" in shown and "Read the record of" not in shown
    shown = text(officer.send(f"/matches/{match['id']}", FOR_A_CASE, 200).text)
    assert "Domestic sale" not in shown


def test_a_match_is_confirmed_and_then_rejected_with_the_reason(officer, match):
    answer = judge(officer, match, "confirm", reason="Compared on the bench")
    assert answer.location == f"/matches/{match['id']}?done=confirm"
    shown = text(officer.open(answer.location))
    assert "✓ Your state says that it is one gun." in shown and "✓ Confirmed" in shown
    assert "Reason Compared on the bench" in shown and "Judged by bra.police_officer" in shown
    assert f"/matches/{match['id']}/confirm" not in officer.open(answer.location)
    shown = text(officer.open(judge(officer, match, "reject", reason="Another mark").location))
    assert "✕ Rejected" in shown and "Reason Another mark" in shown


def test_the_form_names_both_guns(officer, match):
    shown = text(officer.open(f"/matches/{match['id']}/reject"))
    assert "Your record ABC123456 · Pistol · Taurus · G2C · 9x19" in shown
    assert "Paraguay ABC123456 · Pistol · Taurus · G2C" in shown


@pytest.mark.between_writes
def test_a_judged_match_leads_to_the_next_of_the_work_list(officer, as_actor, police, match):
    sold(as_actor, "URY")
    [other] = [each for each in matches(police) if each["id"] != match["id"]]
    warning = "Other records that match your record: 1."
    assert warning in officer.open(f"/matches/{match['id']}")
    page = officer.open(judge(officer, match, "confirm").location)
    assert re.search(rf'href="/matches/{other["id"]}">Next match', page)
    page = officer.open(judge(officer, other, "reject", reason_code="neighbour").location)
    assert "Next match" not in page
    assert warning not in officer.open(f"/matches/{match['id']}")


def test_a_rejection_without_a_reason_is_refused_at_its_field(officer, match):
    page = judge(officer, match, "reject", 422).text
    assert 'href="#reason"' in page and 'id="reason-wrong"' in page


@pytest.mark.between_writes
def test_several_are_rejected_on_the_list_for_one_reason_and_leave_it(
    as_actor, police, officer, match
):
    sold(as_actor, "URY")
    page = officer.open("/matches?strength=strong")
    picked = dict.fromkeys(re.findall(r'name="(pick\.[0-9a-f-]{36})"', page), "true")
    assert len(picked) == 2
    reason = {"reason": "Compared on the bench", "reason_code": "common_mark"}
    answer = officer.send("/matches/reject?strength=strong", picked | reason)
    assert answer.location == "/matches?strength=strong&done=2"
    page = officer.open(answer.location)
    assert "✓ Rejected: 2" in text(page) and "pick." not in page
    rejected = matches(police, "?status=rejected")
    assert {each["reason_code"] for each in rejected} == {"common_mark"} and len(rejected) == 2


@pytest.fixture
def chosen(as_actor, police, officer, match):
    """The boxes of two matches in the list, both of one serial, make and type."""
    sold(as_actor, "URY")
    page = officer.open("/matches")
    assert text(page).count("Select to confirm or reject") == 2
    return dict.fromkeys(re.findall(r'name="(pick\.[0-9a-f-]{36})"', page), "true")


def checked(officer, chosen, path="/matches/confirm"):
    """Return what the page to check what is confirmed sends."""
    page = officer.send(path, chosen | {"check": "true"}, 200).text
    shown = dict(re.findall(r'type="hidden" name="((?:pick|others)\.[^"]+)" value="([^"]+)"', page))
    return page, shown


@pytest.mark.between_writes
def test_several_are_confirmed_after_one_look_each_by_its_own_decision(
    as_actor, police, officer, chosen
):
    page, shown = checked(officer, chosen)
    assert "Nothing is confirmed yet." in text(page) and "Confirm: 2" in text(page)
    assert matches(police, "?status=confirmed") == []
    answer = officer.send("/matches/confirm", shown | {"reason": "Compared on the bench"}, 303)
    assert "Confirmed: 2" in text(officer.open(answer.location))
    confirmed = matches(police, "?status=confirmed")
    assert {each["reason"] for each in confirmed} == {"Compared on the bench"}
    entries = as_actor("BRA", "auditor").get("/audit?action=match:confirmed").json["items"]
    assert {each["subject_id"] for each in entries} == {each["id"] for each in confirmed}


@pytest.mark.between_writes
def test_when_one_changed_since_none_is_confirmed(police, officer, chosen):
    _, shown = checked(officer, chosen)
    first, _ = matches(police)
    judge(officer, first, "reject", reason="Another mark")
    judge(officer, first, "confirm")
    judge(officer, first, "reject", reason="Another mark")
    page = officer.send("/matches/confirm", shown, 412).text
    assert "This was changed since you read it" in page
    assert "judge them one by one" in text(page) and "Confirm: 1" in text(page)
    assert matches(police, "?status=confirmed") == []


@pytest.mark.between_writes
def test_a_match_in_which_something_differs_is_judged_alone(as_actor, police, officer, match):
    other = bodies.firearm(serial="ABC123456", make="Glock")
    sold(as_actor, "URY", firearm=other)
    page = officer.open("/matches")
    picks = dict.fromkeys(re.findall(r'name="(pick\.[0-9a-f-]{36})"', page), "true")
    assert text(page).count("Select to confirm or reject") < len(picks) == 2
    page, _ = checked(officer, picks)
    assert "judge them one by one" in text(page) and "Confirm: 1" in text(page)
    both = {f"others.{at}.id": path.removeprefix("pick.") for at, path in enumerate(picks)}
    both |= {f"others.{at}.version": "1" for at in range(2)}
    refused = officer.send("/matches/confirm", picks | both, 409).text
    assert "Judge the others one by one." in text(refused)
    assert matches(police, "?status=confirmed") == []


def test_without_a_selection_or_a_reason_none_is_rejected(officer, police, match):
    page = officer.send("/matches/reject", {"reason": "Another mark"}, 422).text
    assert "Select at least one match." in page and match["id"] in page
    page = officer.send("/matches/reject", {f"pick.{match['id']}": "true"}, 422).text
    assert 'href="#reason"' in page and "checked" in page
    assert matches(police, "?status=rejected") == []


def test_who_may_not_judge_selects_nothing(signed_in, match):
    someone = signed_in("BRA", "supervisor")
    assert "pick." not in someone.open("/matches")
    someone.send("/matches/reject", {f"pick.{match['id']}": "true"}, 403)


def matches_status(officer, match):
    page = text(officer.open(f"/matches/{match['id']}"))
    return re.search(r"[○✓✕] (?:Proposed|Confirmed|Rejected)", page)[0]


def test_what_a_correction_took_away_offers_nothing_to_judge(officer, as_actor, police, pry):
    sale = sold(as_actor)
    police.post("/seizures", bodies.seizure())
    [match] = matches(police)
    firearm = bodies.firearm(serial="KLM777888")
    correct(pry, "transfers", sale, bodies.transfer(firearm=firearm) | {"reason": "Misread"})
    page = officer.open(f"/matches/{match['id']}")
    assert "A correction took this match away" in page
    assert f"/matches/{match['id']}/confirm" not in page
    assert match["id"] not in officer.open("/matches")
    assert match["id"] in officer.open("/matches?current=false")


@pytest.mark.between_writes
def test_matches_of_one_gun_are_listed_together(officer, as_actor, police):
    other = bodies.firearm(serial="KLM777888")
    for number, gun in (("S-1", bodies.firearm()), ("S-2", other)):
        sold(as_actor, firearm=gun)
        police.post("/seizures", bodies.seizure(number=number, items=[gun]))
    sold(as_actor, "URY")
    shown = text(officer.open("/matches"))
    assert shown.index("ABC123456") < shown.index("The same gun") < shown.index("KLM777888")
    assert shown.count("The same gun") == 1


def test_a_seizure_a_report_and_a_history_lead_to_the_matches(officer, as_actor, signed_in, police):
    gun = police.post("/seizures", bodies.seizure()).json
    report = police.post("/reports", bodies.report()).json["id"]
    history = f"/guns/{gun['items'][0]['record']}"
    for path in (f"/seizures/{gun['id']}", f"/reports/{report}", history):
        assert 'href="/matches"' in officer.open(path)
    assert 'href="/matches"' not in signed_in("BRA", "border_officer").open(history)


def test_a_supervisor_reads_the_match_and_its_records_and_does_not_judge(signed_in, match):
    someone = signed_in("BRA", "supervisor")
    assert 'href="/matches"' in someone.open("/")
    assert "ABC123456" in text(someone.open("/matches"))
    page = someone.open(f"/matches/{match['id']}")
    assert "The serial is the same." in page
    assert "ABC123456" in page and "/guns/" in page and "/confirm" not in page
    someone.open(f"/matches/{match['id']}/confirm", 403)


@pytest.mark.between_writes
def test_a_notification_leads_to_its_match(signed_in, as_actor, police):
    police.post("/seizures", bodies.seizure())
    sold(as_actor)
    [match] = matches(police)
    page = signed_in("BRA", "police_officer").open("/notifications")
    assert f'href="/matches/{match["id"]}"' in page
