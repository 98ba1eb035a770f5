"""The paper of a shipment: the export attachment with its items."""

import pytest
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from tests.support import bodies
from tests.support.papers import as_copied, code_of, pages_of, text_of, verify

SHIPPED = {
    "seals": ["S-100", "S-101"],
    "port_of_exit": "Foz do Iguaçu",
    "port_of_entry": "Hernandarias",
    "carrier": bodies.party("Transportadora Exemplo", "BRA", "carrier"),
    "transport": {
        "document_kind": "mic_dta",
        "document_number": "BR-2026-118",
        "plates": ["BRA2E19"],
        "container": "C-1",
    },
    "expected": [
        {
            "stage": "exit",
            "post": "ciudad-del-este-foz-do-iguacu",
            "at": "2026-03-12T09:30:00-03:00",
        }
    ],
}


def attachment(client, count=2, **changes):
    lines = [bodies.permit()["lines"][0] | {"quantity": count + 10}]
    permit = client.post("/permits", bodies.permit(lines=lines)).json
    body = bodies.shipment(tuple(f"ABC{number:06}" for number in range(count)), **SHIPPED | changes)
    shipment = client.post(f"/permits/{permit['id']}/shipments", body).json
    return shipment, client.get(f"/shipments/{shipment['id']}/paper").data


def test_an_attachment_lists_its_items_route_seals_and_times(bra):
    result = text_of(attachment(bra)[1])
    for value in (
        "Anexo de exportação",
        "Export attachment",
        "A-1",
        "E-1",
        "I-1",
        "ABC000000",
        "ABC000001",
        "Foz do Iguaçu",
        "Hernandarias",
        "Ciudad del Este–Foz do Iguaçu",
        "Rodoviário / Road",
        "Transportadora Exemplo",
        "MIC/DTA BR-2026-118",
        "BRA2E19",
        "C-1",
        "S-100, S-101",
        "12/03/2026 09:30 (UTC-0300)",
        "01/02/2026",
        "Arma de fogo / Firearm: 2",
        "Averbações da alfândega / Customs endorsements",
        "Embarque n.º",
    ):
        assert value in result, value


def test_the_code_of_an_attachment_verifies(bra, as_actor):
    shipment, made = attachment(bra)
    found = verify(as_actor("PRY", "border_officer"), code_of(made))
    assert (found["verdict"], found["kind"], found["number"]) == ("valid", "attachment", "A-1")
    assert (found["quantities"], found["status"]) == ({"firearm": "2"}, shipment["status"])
    assert found["shipment"]["items"][0]["serial"] == "ABC000000"


def test_an_attachment_of_other_serials_is_superseded(bra):
    made = attachment(bra)[1]
    with transaction(operator("BRA")):
        db.session.execute(text("UPDATE shipment SET seals = '{S-102}'"))
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_an_attachment_of_five_hundred_items_lists_them_all(bra):
    made = attachment(bra, 520)[1]
    assert pages_of(made) > 10
    assert all(f"ABC{number:06}" in text_of(made) for number in (0, 250, 519))


@pytest.mark.parametrize(
    "serial", ["TKA52385", "TKA-52385/2019-0012", "12345678901234567890123", "WM" * 32], ids=len
)
def test_a_serial_is_found_whole_in_the_text_of_an_attachment(bra, serial):
    body = bodies.shipment((serial, "ABC000001"), **SHIPPED)
    permit = bra.post("/permits", bodies.permit()).json
    shipment = bra.post(f"/permits/{permit['id']}/shipments", body).json
    answer = as_copied(bra.get(f"/shipments/{shipment['id']}/paper").data)
    assert serial in answer and "ABC000001" in answer


def test_more_items_than_can_be_read_are_in_the_manifest_and_under_the_code(bra, monkeypatch):
    monkeypatch.setattr("salsa_ext.trade.shipments.queries.MAX_ITEMS", 1)
    made = attachment(bra)[1]
    assert "2 items are in the electronic manifest" in text_of(made)
    assert "ABC000000" not in text_of(made)
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_goods_without_serials_are_listed_from_their_line(bra):
    line = {
        "line": 1,
        "quantity": 5000,
        "category": "ammunition",
        "calibre": "9x19",
        "unit": "rounds",
    }
    permit = bra.post("/permits", bodies.permit(lines=[line])).json
    body = bodies.shipment((), bulk=[{"line": 1, "quantity": 2000, "lot": "L-7"}])
    shipment = bra.post(f"/permits/{permit['id']}/shipments", body).json
    made = bra.get(f"/shipments/{shipment['id']}/paper").data
    assert "2000 rounds" in text_of(made) and "L-7" in text_of(made)
    assert verify(bra, code_of(made))["quantities"] == {"ammunition:rounds": "2000"}
