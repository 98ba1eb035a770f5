"""Test desk shipping."""

import io
import re

import pytest

from tests.support import bodies, files
from tests.support.grounds import beginning
from tests.web import scenes
from tests.web.test_desk_changes import do, doings
from tests.web.test_desk_pages import text

ROUNDS = bodies.permit()["lines"][0] | {
    "line": 2,
    "quantity": 5000,
    "type": "cartridge",
    "category": "ammunition",
    "unit": "rounds",
}


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "licensing_officer")


@beginning
def new(as_actor):
    """An export certificate of ten pistols and 5,000 rounds: the address of its next shipment."""
    lines = [*bodies.permit()["lines"], ROUNDS]
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit(lines=lines))
    permit = as_actor("BRA", "licensing_officer").post("/permits", bodies.permit(lines=lines))
    return f"/desk/permits/{permit.json['id']}/shipments/new"


def typed(**changes):
    fields = {
        "number": "A-1",
        "ships_on": "2026-03-09",
        "mode": "road",
        "serials.1": "ABC1\r\n ABC2 \r\n\r\n",
        "expected.0.stage": "exit",
        "expected.0.at": "2026-03-10T09:30",
        "expected.0.post": scenes.POST,
        "expected.1.stage": "entry",
        "transport.document_kind": "mic_dta",
        "transport.document_number": "BR-9",
        "transport.plates": "bra 2e19, BRA2E20",
        "carrier.name": "Transportes Exemplo",
        "seals": "S1\r\nS2",
        "bulk.2.quantity": "1000",
        "bulk.2.lot": "L-7",
    }
    return fields | {name.replace("__", "."): value for name, value in changes.items()}


def test_the_form_opens_with_the_next_number_and_what_is_left(officer, new):
    form = officer.open(new)
    assert 'value="BRA-S-2026-0001"' in form and "Left: 10" in form and "Left: 5,000" in form


def test_a_shipment_is_recorded_and_shown(officer, new, as_actor):
    page = officer.open(officer.send(new, typed()).location)
    assert "The shipment is recorded." in page
    body = text(page)
    for shown in (
        "ABC1",
        "ABC2",
        "BRA2E19, BRA2E20",
        "MIC/DTA BR-9",
        "S1, S2",
        "Transportes Exemplo",
    ):
        assert shown in body
    [rows] = as_actor("BRA", "licensing_officer").get("/shipments").json["items"]
    assert rows["bulk"] == [{"line": 2, "quantity": 1000, "lot": "L-7"}]
    assert rows["expected"][0]["at"] == "2026-03-10T09:30:00+00:00" and len(rows["expected"]) == 1
    assert rows["route"] == [scenes.POST] and rows["item_count"] == 2


@pytest.mark.parametrize(
    ("changes", "status", "field", "expected"),
    [
        ({"number": ""}, 422, "number", "This field is required."),
        ({"mode": ""}, 422, "mode", "This field is required."),
        ({"serials.1": "A\x07"}, 422, "serials-1", "Control characters"),
        ({"serials.1": "OK-1\n" + "x" * 65}, 422, "serials-1", "At most 64 characters."),
        ({"bulk.2.quantity": "1.000"}, 422, "bulk-2-quantity", "A number is needed here"),
        ({"bulk.2.quantity": ""}, 422, "bulk-2-quantity", "This field is required."),
        ({"expected.0.at": ""}, 422, "expected-0-at", "This field is required."),
        (
            {"expected.0.at": "", "expected.0.post": "", "expected.1.post": scenes.POST},
            422,
            "expected-1-at",
            "This field is required.",
        ),
        ({"expected.0.at": "tomorrow"}, 422, "expected-0-at", "A moment is written"),
        ({"expected.0.post": "nowhere"}, 422, "expected-0-post", "A border post is named"),
        (
            {"transport.document_number": ""},
            422,
            "transport-document_number",
            "This field is required.",
        ),
        ({"ships_on": "2027-06-01"}, 422, "ships_on", "The permit is valid from"),
        ({"bulk.2.quantity": "9000"}, 409, None, "Line 2 of the permit has 5000 left"),
        (
            {
                "serials.1": "\n".join(f"N{n}" for n in range(11)),
                "bulk.2.quantity": "",
                "bulk.2.lot": "",
            },
            409,
            None,
            "Line 1 of the permit has 10 left",
        ),
    ],
)
def test_errors_of_a_shipment_are_reported(officer, new, changes, status, field, expected):
    page = officer.send(new, typed() | changes, status).text
    summary = page[page.index('class="summary"') : page.index('<form class="form"')]
    assert expected in summary
    if field:
        assert f'href="#{field}"' in summary and f'id="{field}-wrong"' in page


def test_only_the_exporting_state_ships_under_its_permit(signed_in, new):
    other = signed_in("PRY", "licensing_officer")
    assert "/shipments/new" not in other.open(new.removesuffix("/shipments/new"))
    assert (
        "Shipments go under a certificate of your own state" in other.send(new, typed(), 409).text
    )
    signed_in("BRA", "border_officer").open(new, 403)
    signed_in("URY", "licensing_officer").open(new, 404)


@beginning
def shipment(officer, new):
    """A shipment on its way: the address of its page."""
    return officer.send(new, typed()).location.partition("?")[0]


def test_the_importing_state_confirms_that_all_arrived(shipment, signed_in):
    importer = signed_in("PRY", "licensing_officer")
    assert "receipt" in doings(importer.open(shipment))
    fields = {"received_on": "2026-03-09", "all": "true"}
    shown = text(importer.open(importer.send(f"{shipment}/receipt", fields).location))
    assert "The receipt is confirmed." in shown and "✓ Received" in shown and "Missing 0" in shown


def test_a_receipt_lists_what_arrived(shipment, signed_in):
    importer = signed_in("PRY", "licensing_officer")
    assert "Line 2: quantity received" in importer.open(f"{shipment}/receipt")
    fields = {"received_on": "2026-03-09", "items": "ABC1\r\nZZZZ99", "received.2": "900"}
    shown = text(importer.open(importer.send(f"{shipment}/receipt", fields).location))
    assert "Received short" in shown and "ABC2 ✕ not received" in shown and "ZZZZ99" in shown
    assert "Line 2: 900" in shown and "L-7" in shown


def test_the_manifest_is_ticked_and_what_is_missing_is_unticked(shipment, signed_in):
    importer = signed_in("PRY", "licensing_officer")
    form = importer.open(f"{shipment}/receipt")
    ticks = dict(re.findall(r'name="(arrived\.\d)" value="(\w+)" checked', form))
    assert [*ticks.values()] == ["ABC1", "ABC2"] and "Shipped: 2" in form
    assert re.search(r">ABC1<span[^>]*> [^<]*Taurus", form)
    fields = {"received_on": "2026-03-09", "received.2": "1000"} | ticks
    del fields["arrived.1"]
    page = importer.send(f"{shipment}/receipt", fields | {"items": "ZZZZ99"})
    shown = text(importer.open(page.location))
    assert "Received short" in shown and "ABC2 ✕ not received" in shown and "ZZZZ99" in shown


@pytest.mark.parametrize(("rounds", "status"), [("1000", "✓ Received"), ("900", "Received short")])
def test_a_manifest_that_is_left_as_it_is_says_that_all_of_it_arrived(
    shipment, signed_in, rounds, status
):
    importer = signed_in("PRY", "licensing_officer")
    fields = {"received_on": "2026-03-09", "arrived.0": "ABC1", "arrived.1": "ABC2"}
    done = importer.send(f"{shipment}/receipt", fields | {"received.2": rounds})
    shown = text(importer.open(done.location))
    assert status in shown and "Missing 0" in shown


@beginning
def mixed(new, as_actor):
    """A shipment of a pistol, 500 rounds as an item, and 40.5 in bulk: the address of its page."""
    permit = new.removeprefix("/desk").removesuffix("/new")
    items = [{"line": 1, "serial": "ABC1"}, {"line": 2, "category": "ammunition", "quantity": 500}]
    body = bodies.shipment(items=items, bulk=[{"line": 2, "quantity": 40.5}])
    return f"/desk/shipments/{as_actor('BRA', 'licensing_officer').post(permit, body).json['id']}"


@pytest.mark.parametrize(
    ("fields", "differences"),
    [
        ({"items": "ABC1", "received.2": "540.5"}, []),
        ({"items": "ABC1", "received.2": "500"}, [{"line": 2, "quantity": -40.5}]),
        ({"items": "ABC1", "received.2": "0"}, [{"line": 2, "quantity": -540.5}]),
        ({"all": "true", "received.2": "540.5"}, []),
        ({"none": "true", "received.2": "540.5"}, []),
    ],
)
def test_goods_without_serials_arrive_by_line(mixed, signed_in, as_actor, fields, differences):
    importer = signed_in("PRY", "licensing_officer")
    form = importer.open(f"{mixed}/receipt")
    assert 'name="received.2"' in form and 'value="540.5"' in form and 'name="none"' in form
    importer.send(f"{mixed}/receipt", {"received_on": "2026-03-09"} | fields)
    key = mixed.rpartition("/")[2]
    stored = as_actor("PRY", "licensing_officer").get(f"/shipments/{key}").json["receipt"]
    assert stored["differences"] == differences
    assert len(stored["missing"]) == ("none" in fields)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"received.2": "540.5"}, "Tick what arrived"),
        ({"all": "true", "received.2": "500"}, "give one of the two"),
    ],
)
def test_quantities_alone_do_not_say_that_guns_are_missing(mixed, signed_in, fields, body):
    sent = {"received_on": "2026-03-09"} | fields
    assert body in signed_in("PRY", "licensing_officer").send(f"{mixed}/receipt", sent, 422).text


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        (
            {"received_on": "2026-03-09"},
            "arrived",
            "Tick what arrived, or enter its serial numbers.",
        ),
        ({"all": "true"}, "received_on", "This field is required."),
        ({"received_on": "2026-01-01", "all": "true"}, "received_on", "it cannot arrive before"),
    ],
)
def test_errors_of_a_receipt_are_reported(shipment, signed_in, fields, field, expected):
    page = signed_in("PRY", "licensing_officer").send(f"{shipment}/receipt", fields, 422).text
    assert expected in page and f'href="#{field}"' in page


def test_a_missing_earlier_stage_is_explained_without_api_terms(shipment, signed_in):
    border = signed_in("BRA", "border_officer")
    fields = {"stage": "exit", "occurred_at": "2026-03-09T14:30", "outcome": "passed"}
    shown = text(border.send(f"{shipment}/checkpoint", fields, 409).text)
    assert (
        "Release it first; then the stage “exit” can be recorded." in shown and "/api/" not in shown
    )


def test_a_stage_is_ticked_in_the_time_of_the_own_agency(officer, shipment, signed_in):
    do(officer, f"{shipment}/release", on="2026-03-09")
    border = signed_in("BRA", "border_officer")
    assert "checkpoint" in doings(border.open(shipment))
    fields = {
        "stage": "exit",
        "post": scenes.POST,
        "occurred_at": "2026-03-09T14:30",
        "outcome": "passed",
        "quantity": "2",
        "seals": "S1\nS2",
    }
    shown = text(border.open(border.send(f"{shipment}/checkpoint", fields).location))
    assert "✓ Passed 9 Mar 2026, 14:30 · Brazil Pieces counted: 2" in shown
    wrong = border.send(
        f"{shipment}/checkpoint", fields | {"quantity": "two", "occurred_at": ""}, 422
    ).text
    assert 'id="quantity-wrong"' in wrong and 'id="occurred_at-wrong"' in wrong


def test_goods_of_a_state_that_licenses_on_paper_are_recorded_with_a_copy_of_its_licence(
    signed_in, as_actor
):
    sides = {"exporting_state": "AUT", "exporter": bodies.party("Ejemplo", "AUT", "manufacturer")}
    permit = as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit(**sides))
    importer = signed_in("PRY", "licensing_officer")
    form = f"/desk/permits/{permit.json['id']}/shipments/new"
    assert "Copy of the licence" in importer.open(form)
    fields = {
        name: value
        for name, value in typed().items()
        if name.partition(".")[0] not in ("expected", "bulk")
    }
    copy = (io.BytesIO(files.pdf()), "licence.pdf")
    done = importer.send(form, fields | {"export_licence": "AT-2026-118", "photo": copy})
    shown = importer.open(done.location)
    assert "AT-2026-118" in shown and "document · application/pdf" in shown
    [link] = re.findall(r'href="(/attachments/[^"]+/file)"', shown)
    assert importer.client.get(link).data.startswith(b"%PDF")


def test_a_file_is_attached_to_a_shipment_on_its_page(shipment, officer, signed_in):
    officer.send(f"{shipment}/files", {}, 422)
    copy = (io.BytesIO(files.pdf()), "verification.pdf")
    shown = text(officer.open(officer.send(f"{shipment}/files", {"photo": copy}).location))
    assert "The file is attached." in shown and "document · application/pdf" in shown
    assert "application/pdf" in signed_in("PRY", "licensing_officer").open(shipment)
