"""A field that a permit, a shipment or a receipt declares without a group is for its owner alone."""

from dataclasses import make_dataclass, replace
from datetime import date
from typing import Annotated
from uuid import UUID

import pytest

from api.http.fields.declared import DeclaredResponse, request_schema
from api.schemas.trade import receipts as receipt_schemas
from api.schemas.trade.permits import PermitResponse
from api.schemas.trade.shipments import ShippedItemRequest
from api.web import record_pages
from salsa_ext.core.fields import Field, Word
from salsa_ext.trade.permits import changes as permit_changes
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.values import IssuingAuthority, PermitData, ReissueData
from salsa_ext.trade.receipts import receipts
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments import shipments
from salsa_ext.trade.shipments.values import BulkGoods, ShipmentData
from tests.support import bodies
from tests.support.declared import LABEL, SECRET
from tests.support.movements import Way
from tests.web.pages import text


@pytest.fixture
def permit(run, monkeypatch):
    """Declare the field in the column of another one, and record a permit with it."""
    none = Field("None", stored="no", is_sent=False, is_shown=False)
    fields = [
        ("conditions", Annotated[Word | None, none], None),
        ("plate", Annotated[Word | None, Field(LABEL, column="conditions")], None),
    ]
    cls = make_dataclass("PermitData", fields, bases=(PermitData,), frozen=True)
    monkeypatch.setattr(permit_queries, "PermitData", cls)
    monkeypatch.setitem(record_pages.PLACED, "permit", (cls, record_pages.PLACED["permit"][1]))
    shown = PermitResponse._declared_fields | DeclaredResponse.derive_fields(cls)
    monkeypatch.setattr(PermitResponse, "_declared_fields", shown)
    data = request_schema(cls)().load(bodies.permit(plate=SECRET))
    return run("BRA", permits.record, data=data)


def test_its_owner_alone_reads_it(as_actor, permit):
    own, other = (as_actor(state, "licensing_officer") for state in ("BRA", "PRY"))
    assert own.get(f"/permits/{permit}").json["plate"] == SECRET
    assert SECRET in own.get("/permits?format=csv").get_data(as_text=True)
    assert other.get(f"/permits/{permit}").json["plate"] is None
    for form in ("json", "csv"):
        assert SECRET not in other.get(f"/permits?format={form}").get_data(as_text=True)


def test_a_reissue_keeps_it(run, permit):
    authority = IssuingAuthority("BRA-LICENSING", "Rui Exemplo")
    days = date(2026, 1, 10), date(2027, 1, 10)
    fresh = run(
        "BRA",
        permit_changes.reissue,
        permit_id=permit,
        expected_version=1,
        data=ReissueData("E-2", *days, authority),
    )
    view = run("BRA", lambda actor: permit_queries.get_permit(actor, fresh))
    assert view.present()["plate"] == SECRET


def test_it_is_on_the_form_and_the_page(signed_in, permit):
    officer = signed_in("BRA", "licensing_officer")
    assert LABEL in text(officer.open("/desk/permits/new?kind=export"))
    assert SECRET in text(officer.open(f"/desk/permits/{permit}"))


def test_a_field_of_a_shipment_is_its_owners_alone(run, as_actor, monkeypatch):
    none = Field("None", stored="no", is_sent=False, is_shown=False)
    fields = [
        ("port_of_exit", Annotated[Word | None, none], None),
        ("plate", Annotated[Word | None, Field(LABEL, column="port_of_exit")], None),
    ]
    cls = make_dataclass("ShipmentData", fields, bases=(ShipmentData,), frozen=True)
    monkeypatch.setattr(shipment_queries, "ShipmentData", cls)
    way, body = Way(as_actor), bodies.shipment(plate=SECRET)
    items = tuple(ShippedItemRequest().load(item) for item in body.pop("items"))
    data = replace(request_schema(cls)().load(body), items=items)
    made = run("BRA", shipments.record, permit_id=UUID(way.permit["id"]), data=data)
    assert way.bra.get(f"/shipments/{made}").json["plate"] == SECRET
    visible = way.bol.get(f"/shipments/{made}").json
    assert (visible["number"], visible["plate"]) == ("A-1", None)


def test_a_field_of_a_receipt_is_its_owners_alone(run, as_actor, signed_in, monkeypatch):
    none = Field("None", stored="no", is_sent=False, is_shown=False)
    fields = [
        ("bulk", Annotated[tuple[BulkGoods, ...], none], ()),
        ("plate", Annotated[Word | None, Field(LABEL, column="bulk")], None),
    ]
    cls = make_dataclass("ReceiptData", fields, bases=(ReceiptData,), frozen=True)
    monkeypatch.setattr(receipt_schemas, "ReceiptData", cls)
    monkeypatch.setitem(record_pages.PLACED, "receipt", (cls, record_pages.PLACED["receipt"][1]))
    way = Way(as_actor)
    made = way.ship()
    way.release(made)
    way.tick(made, "exit")
    body = {"received_on": "2026-03-05", "plate": SECRET}
    data = replace(request_schema(cls)().load(body), all=True)
    run("BOL", receipts.confirm, shipment_id=UUID(made["id"]), data=data)
    shipment = f"/shipments/{made['id']}"
    assert way.bol.get(shipment).json["receipt"]["plate"] == SECRET
    visible = way.bra.get(f"{shipment}/receipt").json
    assert (visible["received_on"], visible["plate"]) == ("2026-03-05", None)
    officer = signed_in("BOL", "licensing_officer")
    assert SECRET in text(officer.open(f"/desk{shipment}"))
    assert SECRET in officer.open(f"/desk{shipment}/correct")
    assert SECRET not in signed_in("BRA", "licensing_officer").open(f"/desk{shipment}")
