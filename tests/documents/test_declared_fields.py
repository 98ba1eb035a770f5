"""A field is declared once: rows, corrections, answers, files and requests have it at once.

Each test gives the documents one more field, of no group: its owner alone reads it.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import make_dataclass, replace
from functools import partial
from itertools import product
from types import SimpleNamespace

import pytest

from api.http.fields.declared import DeclaredResponse, request_schema
from salsa_ext.access.release import Reader, Statement
from salsa_ext.core.codes import FIELD_GROUPS, ROLES, VISIBILITIES
from salsa_ext.core.fields import OWNER, groups_of, groups_with_values, leaves, members, presenter
from salsa_ext.core.occurrence import Place
from salsa_ext.core.rows import from_row, to_row
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import reports, seizures
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.documents.queries import REPORTS, SEIZURES
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.records.parties import Party
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.values import PermitData
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.values import ShipmentData
from tests.conftest import NOW
from tests.support import bodies
from tests.support.declared import DOCUMENTS, SECRET

PERMIT_COLUMNS = set(
    "status agency signatory_id exporter_id importer_id final_consignee_id broker_id carrier_id"
    " import_permit_number export_permit_number counterpart_status findings details".split()
)
SHIPMENT_COLUMNS = set(
    "status permit_id permit_number exporting_state importing_state posts due_at carrier_id item_count"
    " document_kind document_number plates container due_stage overdue_at next_check_at details".split()
)
RECEIPT_COLUMNS = set(
    "shipment_state shipment_id item_count missing unexpected miskeyed differences is_return details".split()
)
READ = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


@pytest.fixture(params=DOCUMENTS)
def document(request, monkeypatch):
    """Declare one field more of a kind of document."""
    document = DOCUMENTS[request.param]
    cls = document.declare()
    monkeypatch.setitem(vars(document.kind), "value", cls)
    fields = document.response._declared_fields | DeclaredResponse.derive_fields(cls)
    monkeypatch.setattr(document.response, "_declared_fields", fields)
    return document


@pytest.fixture
def recorded(run, document):
    """Record a document with the word; it is joint with Paraguay's if it is a seizure."""
    joint = {"joint_with": {"state": "PRY", "number": "P-1"}}
    data = document.load(**(joint if document.kind is SEIZURES else {}))
    return run("BRA", document.record, data=data)


def cells(answer) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))


def test_its_owner_reads_it_as_json_csv_and_xlsx(as_actor, document, recorded):
    client, path = as_actor("BRA", document.role), f"/{document.kind.name}s"
    assert client.get(f"{path}/{recorded}").json["plate"] == SECRET
    assert client.get(path).json["items"][0]["plate"] == SECRET
    assert [row["plate"] for row in cells(client.get(f"{path}?format=csv"))] == [SECRET]
    assert SECRET in content(client.get(f"{path}?format=xlsx"))


@pytest.mark.parametrize("role", ["trace_analyst", "supervisor"])
def test_another_state_that_it_concerns_reads_the_rest_alone(as_actor, document, recorded, role):
    other, path = as_actor("PRY", role), f"/{document.kind.name}s"
    for form in ("json", "csv", "xlsx"):
        assert SECRET not in content(other.get(f"{path}?format={form}", **READ))
    if document.kind is SEIZURES:
        answer = other.get(f"{path}/{recorded}", **READ).json
        assert (answer["number"], answer["plate"]) == ("X-1", None)
        assert OWNER not in {each["group"] for each in answer["withheld"]}


def content(answer) -> str:
    data = answer.get_data()
    if data[:2] != b"PK":
        return data.decode()
    book = zipfile.ZipFile(io.BytesIO(data))
    return "".join(book.read(name).decode() for name in book.namelist())


def test_no_decision_of_the_release_rules_gives_it_to_another_state(document, recorded, run):
    view = run("BRA", lambda actor: document_queries.load_document(document.kind, recorded))
    assert SECRET in json.dumps(view.present())
    for visibility, role, concerns, purpose, is_paper in product(
        VISIBILITIES, ROLES, (True, False), (None, "investigation"), (True, False)
    ):
        result = Statement("BRA", visibility, concerns=concerns, is_paper=is_paper)
        sharing = Sharing(result, Reader("PRY", role, NOW.date(), purpose, "C-1"))
        shown = replace(view, sharing=sharing)
        assert SECRET not in json.dumps(shown.present())
        assert OWNER not in {each.group for each in sharing.withheld(shown.present_groups)}


def test_a_correction_that_changes_something_else_keeps_it(document, recorded, run):
    data = run("BRA", lambda actor: document_queries.load_document(document.kind, recorded).value)
    named = {f"{document.kind.name}_id": recorded, "expected_version": 1, "reason": "Misread"}
    run("BRA", document.correct, data=replace(data, number="X-2"), **named)
    again = run("BRA", lambda actor: document_queries.load_document(document.kind, recorded))
    assert (again.version, again.value.number, again.value.plate) == (2, "X-2", SECRET)


def test_the_corrections_of_pages_keep_it(document, recorded, run):
    named = {f"{document.kind.name}_id": recorded, "reason": "Misread"}
    data = document.load()
    if document.kind is SEIZURES:
        gun = replace(data.items[0], serial="ABC123457")
        run("BRA", seizures.correct_gun, line=1, gun=gun, expected_version=1, **named)
        joined = partial(seizures.name_joint_seizure, state="PRY", number="P-2")
        run("BRA", lambda actor: joined(actor=actor, expected_version=2, **named))
    elif document.kind is REPORTS:
        result = replace(data, number="X-2")
        run("BRA", reports.correct_fields, data=result, expected_version=1, **named)
    view = run("BRA", lambda actor: document_queries.load_document(document.kind, recorded))
    assert view.value.plate == SECRET


def test_a_request_names_it(document):
    assert "plate" in request_schema(document.kind.value)().fields


# --- the machinery ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cls,model,framed",
    [
        (SeizureData, Seizure, {"details", "square", "status", "occurred_within"}),
        (
            TransferData,
            Transfer,
            {"giver_id", "receiver_id", "status", "details", "occurred_within"},
        ),
        (ReportData, Report, {"giver_id", "status", "details", "occurred_within"}),
        (PermitData, Permit, PERMIT_COLUMNS),
        (ShipmentData, Shipment, SHIPMENT_COLUMNS),
        (ReceiptData, Receipt, RECEIPT_COLUMNS),
    ],
)
def test_the_columns_of_a_table_are_those_that_are_declared(cls, model, framed):
    every = {"id", "version", "owner_state", "concerned", "recorded_at", "reason"} | framed
    columns = {column.name: column for column in model.__table__.columns}
    declared = dict(_columns(cls))
    assert declared.keys() == columns.keys() - every
    assert {name: item.is_optional for name, item in declared.items()} == {
        name: columns[name].nullable for name in declared
    }
    personal = {name for name, item in declared.items() if item.field.personal}
    assert personal == {name for name in declared if "pii" in columns[name].info}


def _columns(cls):
    for each in members(cls):
        if each.field.stored == "columns":
            yield from _columns(each.type)
        elif each.field.stored == "column":
            yield each.column, each


@pytest.mark.parametrize(
    "cls", [SeizureData, ReportData, TransferData, PermitData, ShipmentData, ReceiptData]
)
def test_every_group_is_one_of_the_release_rules_or_the_owners(cls):
    for chain in leaves(cls):
        for each in chain:
            assert groups_of(each) <= {*FIELD_GROUPS, OWNER}


def test_a_nested_field_needs_the_group_of_each_object_around_it():
    place = Place("BRA", "Foz do Iguaçu", latitude=-25.5, longitude=-54.6)
    shown = presenter(Place, frozenset({"event"}))(place)
    assert shown["country"] == "BRA"
    assert {value for name, value in shown.items() if name != "country"} == {None}
    assert presenter(Place, frozenset({"event"}), is_inner=True)(place) == {"country": "BRA"}


def test_an_unforeseen_kind_of_party_is_hidden_like_a_person():
    known, new = (Party("Someone", kind, "BRA") for kind in ("dealer", "a kind of tomorrow"))
    for_firms = presenter(Party, frozenset({"parties", "firms"}))
    assert for_firms(known)["name"] == "Someone"
    assert for_firms(new) == for_firms(new) | {"name": None, "country": "BRA"}
    assert groups_with_values(new) == {"parties", "persons"}


def test_a_value_comes_back_from_its_row():
    body = bodies.seizure(
        organized_crime={"linked": "suspected"},
        route={"departure": "PRY", "transit": ["BOL"]},
        found_with=[{"kind": "cartridges", "quantity": 12.5}],
        joint_with={"state": "PRY", "number": "P-1"},
        concealment="spare tyre",
    )
    data = request_schema(SeizureData)().load(body)
    row = to_row(data)
    assert from_row(SeizureData, SimpleNamespace(**row), items=data.items) == data
    row["details"]["unheard_of"] = 1
    with pytest.raises(KeyError, match="unheard_of"):
        from_row(SeizureData, SimpleNamespace(**row), items=data.items)
    with pytest.raises(KeyError, match="items"):
        from_row(SeizureData, SimpleNamespace(**to_row(data)))


def test_a_field_without_declaration_is_refused():
    with pytest.raises(TypeError, match=r"Bare\.plate has no Field"):
        members(make_dataclass("Bare", [("plate", str)], frozen=True))


def test_rules_across_fields_are_reported_with_wrong_fields(as_actor):
    body = bodies.seizure(
        kind="taken",
        time_zone="Nowhere",
        place={"country": "BRA", "latitude": 1.0, "precision": "near"},
    )
    answer = as_actor("BRA", "police_officer").post("/seizures", body, 422).json
    assert answer["errors"].keys() == {"kind", "time_zone", "place", "place.precision"}


def test_a_rule_is_silent_on_what_could_not_be_read(as_actor):
    body = bodies.seizure(place={"country": "BRA", "latitude": 1.0, "longitude": "west"})
    answer = as_actor("BRA", "police_officer").post("/seizures", body, 422).json
    assert answer["errors"].keys() == {"place.longitude"}
