"""What the desk tells of goods, parties and positions that do not add up."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web import papers
from tests.web.pages import text

ISSUE, REGISTER = "/desk/permits/new?kind=import", "/desk/transfers/new"
GLOCKS = [{"line": 1, "serial": f"GLK{at}", "make": "Glock"} for at in range(7)]


@pytest.fixture
def officer(signed_in):
    return signed_in("PRY", "licensing_officer")


@beginning
def shipment(bra, pry):
    """Seven guns of another make than their permit names; returns the shipment."""
    pry.post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]
    body = bodies.shipment((), items=GLOCKS)
    return bra.post(f"/permits/{permit}/shipments", body).json


@beginning
def doubted(pry):
    """Let the register know someone else alone; returns the permit of who is not in it."""
    pry.post("/licensees", bodies.licensee(party=bodies.party("Otra Casa"), roles=["importer"]))
    return pry.post("/permits", bodies.import_permit()).json


def test_goods_from_a_state_without_part_are_named_for_what_they_are(officer, pry):
    sides = {"exporting_state": "AUT", "exporter": bodies.party("Glock", "AUT", "manufacturer")}
    permit = pry.post("/permits", bodies.import_permit(**sides)).json["id"]
    assert "Record what arrived from Austria" in officer.open(f"/desk/permits/{permit}")
    body = bodies.shipment(GLOCKS[:2], items=GLOCKS[:2], route=[], export_licence="AT-1")
    shipment = pry.post(f"/permits/{permit}/shipments", body).json["id"]
    assert "Expected from Austria" in text(officer.open(f"/desk/shipments/{shipment}"))
    got = {"received_on": "2026-02-04", "items": [{"serial": "GLK0"}]}
    pry.post(f"/shipments/{shipment}/receipt", got)
    short = pry.get("/discrepancies?kind=short_receipt").json["items"][0]["id"]
    words = "Austria does not use this service. Only these decide: Paraguay"
    assert words in text(officer.open(f"/desk/discrepancies/{short}"))


def test_a_shipment_shows_where_its_manifest_contradicts_the_permit(officer, shipment):
    shown = text(officer.open(f"/desk/shipments/{shipment['id']}"))
    assert "Line 1: Make The manifest says: Glock Items: 7 The permit says: Taurus" in shown
    assert "GLK0 GLK1 GLK2 GLK3 GLK4 And 2 more." in shown


def test_its_discrepancy_names_line_and_field_in_the_list_and_says_it_all(officer, pry, shipment):
    listed = text(officer.open("/desk/discrepancies"))
    assert re.search(r"Invalid document : \S+ Line 1: Make", listed)
    (found,) = pry.get("/discrepancies").json["items"]
    shown = text(officer.open(f"/desk/discrepancies/{found['id']}"))
    assert "The manifest says: Glock Items: 7 The permit says: Taurus" in shown


@pytest.mark.parametrize("page", ["/desk/", "/desk/discrepancies", "/desk/permits/{permit}"])
def test_a_party_that_is_not_authorised_is_named_by_role(officer, doubted, page):
    shown = text(officer.open(page.format(permit=doubted["id"])))
    assert re.search(r"Party not authorized (: \S+ )?Importer: Armas del Sur , Paraguay", shown)


def test_a_permit_in_doubt_is_not_called_complete(officer, pry, doubted):
    complete = '<span class="mark complete">'
    sides = {"exporting_state": "AUT", "exporter": bodies.party("Glock", "AUT", "manufacturer")}
    other = {"importer": bodies.party("Otra Casa"), "final_consignee": bodies.party("Otra Casa")}
    doubtful, sound = (
        pry.post("/permits", bodies.import_permit(number=number, **sides, **more)).json["id"]
        for number, more in (("I-8", {}), ("I-9", other))
    )
    assert complete in officer.open(f"/desk/permits/{sound}")
    page = officer.open(f"/desk/permits/{doubtful}")
    assert "Party not authorized" in page and complete not in page.partition('id="findings"')[0]


@pytest.mark.parametrize("page", ["/desk/", "/desk/discrepancies"])
def test_a_list_says_who_has_explained_and_who_is_waited_for(officer, bra, shipment, page):
    (found,) = bra.get("/discrepancies").json["items"]
    path = f"/discrepancies/{found['id']}"
    etag = bra.get(path).headers["ETag"]
    bra.post(f"{path}/explain", {"text": "Packed wrong"}, 200, If_Match=etag)
    assert "Explained Explained by Brazil Waiting for Paraguay" in text(officer.open(page))


def test_a_list_names_nobody_where_nobody_has_spoken(officer, shipment):
    assert "Waiting for" not in text(officer.open("/desk/discrepancies"))


def test_an_awaited_counterpart_is_named_by_its_number(officer, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    assert "Import certificate I-1" in text(officer.open(f"/desk/permits/{permit}"))


def field(page, name):
    """Return the label and the field of a name."""
    at = re.search(rf'<label for="{name}">(.*?)</label>.*?(<(?:input|select) [^>]*>)', page, re.S)
    return at[1], at[2]


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (ISSUE, "lines-0-type"),
        (ISSUE, "lines-0-quantity"),
        (ISSUE, "importer-name"),
        (REGISTER, "kind"),
        (REGISTER, "occurred_on"),
    ],
)
def test_required_fields_are_marked_and_explained(officer, page, name):
    shown = officer.open(page)
    label, control = field(shown, name)
    assert '<span class="must" aria-hidden="true">&nbsp;*</span>' in label
    assert " required" in control
    assert "Fields marked with * must be filled in." in text(shown)


@pytest.mark.parametrize("name", ["lines-0-make", "lines-0-calibre"])
def test_what_may_be_left_open_is_not_marked(officer, name):
    label, control = field(officer.open(ISSUE), name)
    assert "must" not in label and "required" not in control


def test_a_line_without_a_type_is_refused_at_its_field(officer):
    answer = officer.send(ISSUE, papers.import_certificate(lines__0__type=""), 422)
    shown = answer.get_data(as_text=True)
    assert re.search(r'id="lines-0-type-wrong">.*This field is required', shown, re.S)


def test_words_that_nobody_knows_are_shown_after_issuing(officer):
    typed = papers.import_certificate(lines__0__make="Taurrus")
    shown = text(officer.open(officer.send(ISSUE, typed, 303).location))
    assert "“Taurrus” is not a known make" in shown
    assert "Did you mean Taurus?" in shown


def test_another_state_is_not_told_how_to_spell(signed_in, pry):
    line = bodies.permit()["lines"][0] | {"make": "Taurrus"}
    permit = pry.post("/permits", bodies.import_permit(lines=[line])).json["id"]
    shown = signed_in("BRA", "licensing_officer").open(f"/desk/permits/{permit}")
    assert "Did you mean" not in shown


def test_words_of_a_transfer_are_shown_after_registering(officer):
    typed = papers.transfer(firearm__make="Taurrus")
    assert "Did you mean Taurus?" in text(officer.open(officer.send(REGISTER, typed, 303).location))
