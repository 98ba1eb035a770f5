"""A field that a permit declares without a group: its owner alone reads it, a reissue keeps it."""

from dataclasses import make_dataclass
from datetime import date
from typing import Annotated

import pytest

from api.http.fields.declared import DeclaredResponse, request_schema
from api.schemas.permits import PermitResponse
from api.web import declared
from salsa_ext.core.fields import Field, Word
from salsa_ext.trade.permits import changes, permits, queries
from salsa_ext.trade.permits.values import IssuingAuthority, PermitData, ReissueData
from tests.support import bodies
from tests.support.declared import LABEL, SECRET
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
    monkeypatch.setattr(queries, "PermitData", cls)
    monkeypatch.setitem(declared.PLACED, "permit", (cls, declared.PLACED["permit"][1]))
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
        changes.reissue,
        permit_id=permit,
        expected_version=1,
        data=ReissueData("E-2", *days, authority),
    )
    view = run("BRA", lambda actor: queries.get_permit(actor, fresh))
    assert view.present()["plate"] == SECRET


def test_it_is_on_the_form_and_the_page(signed_in, permit):
    officer = signed_in("BRA", "licensing_officer")
    assert LABEL in text(officer.open("/desk/permits/new?kind=export"))
    assert SECRET in text(officer.open(f"/desk/permits/{permit}"))
