"""Test desk changes."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web.test_desk_pages import text

OTHER = bodies.party("Otra Casa")


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "licensing_officer")


@beginning
def permit(as_actor):
    """An import certificate of Paraguay: the address of its page."""
    issued = as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    return f"/desk/permits/{issued.json['id']}"


def doings(page):
    nav = re.search(
        r'<nav class="doings" aria-label="What can be done">(.*?)</nav>', page, re.DOTALL
    )
    return re.findall(r'/([a-z_]+)">', nav[1]) if nav else []


def form_version(officer, address):
    return re.search(r'name="expected_version" value="(\d+)"', officer.open(address))[1]


def do(officer, address, expect=303, **fields):
    typed = {"expected_version": form_version(officer, address)} | {
        name.replace("__", "."): value for name, value in fields.items()
    }
    answer = officer.send(address, typed, expect)
    return officer.open(answer.location) if expect == 303 else answer.get_data(as_text=True)


def test_what_can_be_done_follows_the_status(officer, permit):
    assert doings(officer.open(permit)) == ["amend", "reissue", "suspend", "cancel"]
    page = do(officer, f"{permit}/suspend", reason="Lost licence")
    assert "The permit is suspended." in page and "Lost licence" in text(page)
    assert doings(page) == ["reissue", "reinstate", "cancel"]
    page = do(officer, f"{permit}/reinstate", reason="Found again")
    assert doings(page) == ["amend", "reissue", "suspend", "cancel"]
    page = do(officer, f"{permit}/cancel", reason="Withdrawn")
    assert "✕ Cancelled" in text(page) and doings(page) == []


def test_only_the_issuing_state_changes_a_permit(permit, signed_in):
    other = signed_in("BRA", "licensing_officer")
    assert doings(other.open(permit)) == []
    other.send(f"{permit}/cancel", {"reason": "No", "expected_version": "1"}, 403)


@pytest.mark.parametrize("name", ["amend", "reissue", "suspend", "reinstate", "cancel"])
def test_who_may_not_record_permits_changes_none(permit, signed_in, name):
    reader = signed_in("PRY", "trace_analyst")
    assert doings(reader.open(permit)) == []
    reader.open(f"{permit}/{name}", 403)
    reader.send(f"{permit}/{name}", {"reason": "No", "expected_version": "1"}, 403)


def test_a_change_wants_its_reason(officer, permit):
    page = do(officer, f"{permit}/cancel", 422)
    assert 'href="#reason"' in page and 'id="reason-wrong"' in page


def test_a_change_of_what_somebody_changed_meanwhile_is_refused(officer, permit):
    before = form_version(officer, f"{permit}/suspend")
    do(officer, f"{permit}/suspend", reason="First")
    page = officer.send(
        f"{permit}/cancel", {"reason": "Second", "expected_version": before}, 412
    ).text
    assert "This was changed since you read it; read it again." in page
    assert "■ Suspended" in text(page) and "Second</textarea>" in page
    officer.send(f"{permit}/cancel", {"reason": "Second"}, 412)
    officer.send(f"{permit}/cancel", {"reason": "Second", "expected_version": "9" * 30}, 412)


def test_an_action_that_the_status_forbids_is_refused(officer, permit):
    page = officer.open(f"{permit}/reinstate", 409)
    assert "“reinstate” is not possible: this permit is issued." in page
    shown = form_version(officer, f"{permit}/suspend")
    page = officer.send(
        f"{permit}/reinstate", {"reason": "No", "expected_version": shown}, 409
    ).text
    assert 'class="summary"' in page and "“reinstate” is not possible" in page


def test_the_source_is_amended_with_a_sign_of_the_authority(officer, permit):
    why = {"reason": "The factory moved"}
    page = do(officer, f"{permit}/amend", 409, source="Another factory", **why)
    body = text(page)
    assert "To change “Source of the goods”, say in “How the document shows the change” how" in body
    signed = why | {"authentication": "Stamp 7"}
    page = do(officer, f"{permit}/amend", source="Another factory", **signed)
    assert "Another factory" in text(page) and "Amended" in text(page)
    assert 'id="source-wrong"' in do(
        officer, f"{permit}/amend", 422, source="Another factory", **why
    )


def test_the_plan_of_a_transit_is_amended_field_by_field(signed_in, as_actor):
    body = bodies.permit(
        kind="in_transit",
        number="T-1",
        authority=bodies.authority("ARG"),
        transit_states=["ARG"],
        plan={
            "route": "Posadas",
            "port_of_entry": "Uruguaiana",
            "port_of_exit": "Posadas",
            "mode": "road",
            "enters_on": "2026-04-01",
            "leaves_on": "2026-04-03",
        },
    )
    permit_id = as_actor("ARG", "licensing_officer").post("/permits", body).json["id"]
    officer, address = signed_in("ARG", "licensing_officer"), f"/desk/permits/{permit_id}"
    assert doings(officer.open(address)) == ["replan", "reissue", "suspend", "cancel"]
    form = officer.open(f"{address}/replan")
    assert 'value="Uruguaiana"' in form and 'value="2026-04-03"' in form
    same = {
        "plan__route": "Posadas",
        "plan__port_of_entry": "Uruguaiana",
        "plan__mode": "rail",
        "plan__port_of_exit": "Posadas",
        "plan__enters_on": "2026-04-01",
    }
    assert "Rail" in text(do(officer, f"{address}/replan", **same))


def test_a_permit_is_reissued_under_a_new_number(officer, permit):
    form = officer.open(f"{permit}/reissue")
    assert 'value="I-2"' in form and 'value="2027-03-08"' in form
    fields = {
        "number": "I-2",
        "issued_on": "2026-03-09",
        "expires_on": "2027-03-08",
        "authority__agency": "PRY-LICENSING",
        "authority__signatory": "Eva Ejemplo",
    }
    page = do(officer, f"{permit}/reissue", **fields)
    assert "Import certificate I-2" in page and "Replaces I-1" in text(page)
    assert "↷ Replaced" in text(officer.open(permit))
    assert 'class="summary"' in officer.open(f"{permit}/reissue", 409)


AGAIN = {
    "number": "I-2",
    "issued_on": "2026-03-09",
    "expires_on": "2027-03-08",
    "authority__agency": "PRY-LICENSING",
    "authority__signatory": "Eva Ejemplo",
}


@beginning
def two_lines(as_actor):
    """A permit of two lines: the address of its page."""
    lines = bodies.permit()["lines"]
    body = bodies.import_permit(
        lines=[*lines, lines[0] | {"line": 2, "model": "G3", "quantity": 5}]
    )
    issued = as_actor("PRY", "licensing_officer").post("/permits", body)
    return f"/desk/permits/{issued.json['id']}"


def test_a_reissue_opens_with_all_that_is_left_of_each_line(officer, two_lines):
    form = text(officer.open(f"{two_lines}/reissue"))
    assert "Line 1: Pistol · Taurus · G2C · 9x19 Left: 10." in form
    assert "Line 2: Pistol · Taurus · G3 · 9x19 Left: 5." in form
    assert 'value="10"' in officer.open(f"{two_lines}/reissue")


def test_lines_and_quantities_of_a_reissue_are_chosen(officer, two_lines, as_actor):
    chosen = {"lines__0__quantity": "0", "lines__1__quantity": "3"}
    do(officer, f"{two_lines}/reissue", **AGAIN | chosen)
    [fresh, _] = as_actor("PRY", "licensing_officer").get("/permits").json["items"]
    assert [(line["line"], line["authorised"]) for line in fresh["balance"]] == [(2, 3)]


@pytest.mark.parametrize(
    ("typed", "status", "body"),
    [
        (("0", ""), 422, "A permit has at least one line."),
        (("x", "3"), 422, "A number is needed here, without separators of thousands, such as 1000"),
        (("-1", "3"), 422, "A number from zero up to"),
        (("11", "3"), 409, "more than is left of the permit"),
    ],
)
def test_quantities_of_a_reissue_that_cannot_be_are_told(officer, two_lines, typed, status, body):
    chosen = {f"lines__{at}__quantity": amount for at, amount in enumerate(typed)}
    page = do(officer, f"{two_lines}/reissue", status, **AGAIN | chosen)
    assert body in text(page) and 'class="summary"' in page


@pytest.mark.parametrize("name", ["burn", "shipments", "x" * 200, "A"])
def test_a_change_that_there_is_not_is_not_found(officer, permit, name):
    officer.open(f"{permit}/{name}", 404)


@beginning
def doubt(as_actor):
    """The two sides name different importers: the address of the discrepancy's page."""
    paraguay = as_actor("PRY", "licensing_officer")
    paraguay.post("/permits", bodies.import_permit(importer=OTHER))
    as_actor("BRA", "licensing_officer").post("/permits", bodies.permit())
    return f"/desk/discrepancies/{paraguay.get('/discrepancies').json['items'][0]['id']}"


def test_a_discrepancy_is_listed_and_shown_with_what_each_state_says(officer, doubt):
    key = doubt.rpartition("/")[2]
    for page in (
        "/desk/",
        "/desk/discrepancies",
        "/desk/discrepancies?kind=document_invalid&number=E-1",
    ):
        assert key in officer.open(page)
    assert key not in officer.open("/desk/discrepancies?status=resolved")
    page = officer.open(doubt)
    assert doings(page) == ["explain", "agree", "assign"]
    assert "Importer" in text(page) and "Brazil has not answered yet" in text(page)


def test_each_state_explains_and_agrees_for_itself(officer, doubt, signed_in):
    page = do(officer, f"{doubt}/explain", text="One firm under two names")
    assert "Your state&#39;s explanation is recorded." in page
    assert "Paraguay ◐ Explained" in text(page) and "One firm under two names" in text(page)
    do(signed_in("BRA", "licensing_officer"), f"{doubt}/agree")
    page = do(officer, f"{doubt}/agree", text="So it is")
    assert "✓ Agreed" in text(page) and doings(page) == ["reopen"]
    page = do(officer, f"{doubt}/reopen", text="Not so")
    assert "Paraguay ▲ Open" in text(page) and "Not so" in text(page)


def test_a_discrepancy_is_assigned_to_somebody_of_the_own_state(officer, doubt, signed_in):
    assert "pry.licensing_officer" in do(
        officer, f"{doubt}/assign", username="pry.licensing_officer"
    )
    wrong = do(officer, f"{doubt}/assign", 422, username="nobody")
    assert "Your state has no open account nobody." in wrong and 'id="username-wrong"' in wrong
    assert "pry.licensing_officer" not in text(signed_in("BRA", "licensing_officer").open(doubt))
    assert doubt in officer.open("/desk/discrepancies?assignee=pry.licensing_officer")


def test_a_position_needs_a_text_and_the_version_read(officer, doubt):
    assert 'id="text-wrong"' in do(officer, f"{doubt}/explain", 422)
    officer.send(f"{doubt}/explain", {"text": "Why", "expected_version": "7"}, 412)


def test_discrepancies_are_closed_to_others(signed_in, doubt):
    signed_in("PRY", "police_officer").open(doubt, 403)
    signed_in("URY", "licensing_officer").open(doubt, 404)
    reader = signed_in("PRY", "trace_analyst")
    assert doings(reader.open(doubt)) == []
    reader.send(f"{doubt}/explain", {"text": "Why", "expected_version": "1"}, 403)


def test_a_permit_has_its_paper(officer, permit, signed_in):
    page = officer.open(permit)
    assert f"{permit}/paper.pdf" in page
    paper = officer.client.get(f"{permit}/paper.pdf")
    assert paper.mimetype == "application/pdf" and paper.data.startswith(b"%PDF")
    signed_in("URY", "licensing_officer").open(f"{permit}/paper.pdf", 404)
    signed_in("PRY", "police_officer").open(f"{permit}/paper.pdf", 403)
