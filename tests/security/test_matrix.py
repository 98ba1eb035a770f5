"""The matrix: every route × caller × relation × visibility, and what each cell has to answer.

What is expected is computed from the declarations: permissions of roles, readers of fields, and the
owner, the states concerned and the visibility of each row. The answers are those of the application.
`make long` tries all cells, the usual run some of them by lot (again with SALSA_SEED).
"""

import os
import random
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, make_dataclass
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

import psycopg2
import pytest
from flask import Flask
from psycopg2.extras import NamedTupleCursor

from api.app import create_app
from api.docs import CLASSES
from salsa_ext.access.permissions import Permission as Of
from salsa_ext.access.release import Decision, Reader, Statement, decide_release
from salsa_ext.access.rules import ROLE_PERMISSIONS, role_permissions
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.codes import FIELD_GROUPS, VISIBILITIES
from salsa_ext.core.fields import Field, Split, members
from salsa_ext.database.session import db
from salsa_ext.disclosure import sharing
from salsa_ext.documents.values import GIVER, ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import RecordedItem, RecordedSeizedItem
from salsa_ext.firearms.records.parties import Party
from salsa_ext.trade.permits.values import PermitData
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.values import ShipmentData
from tests.conftest import NOW, name_of, undone
from tests.support import actors, bodies, region
from tests.support.examples import body_of, query_of
from tests.support.routes import ID, POST, ROUTES, Route
from tests.support.sizes import sized

SEED = int(os.environ.get("SALSA_SEED") or random.randrange(10**6))
DRAWN, DRAWN_FIELDS = 300, 40
"""Cells of the usual run, beside one for each route; and those of fields."""
PURPOSE = {"Salsa-Purpose": "investigation", "Salsa-Case": "C-1"}
TIMED = {"occurred_at": "2026-03-05T15:00:00Z"}
STATES = ("BRA", "PRY", "URY")
"""The owner of all rows, a state that some of them concern, and a stranger."""
HIDDEN_OFFICE = "POLICE"
TABLES = {
    "request": "trace_request",
    "lookup": "lookup_review",
    "call": "call_request",
    "check": "serial_check",
    "leg": "trace_leg",
    "entry": "custody_entry",
    "conversation": "conversation_message",
    "hold": "legal_hold",
    "delivery": "webhook_delivery",
}
"""The tables of ids that are not named like them."""
DOCUMENTS = ("seizure", "report", "transfer")
SHIPMENT = make_dataclass(
    "ShipmentAnswer",
    [("items", Annotated[tuple[RecordedItem, ...], Field("Items", "firearm")], ())],
    bases=(ShipmentData,),
    frozen=True,
    kw_only=True,
)
PAPERS = {
    "/permits/{permit_id}": PermitData,
    "/shipments/{shipment_id}": SHIPMENT,
    "/shipments/{shipment_id}/receipt": ReceiptData,
}
RECORD = make_dataclass(
    "RecordData",
    [
        ("giver", Annotated[Party | None, GIVER], None),
        ("receiver", Annotated[Party | None, Field("To", "parties", key="to")], None),
        ("reason", Annotated[str | None, Field("Reason", "remarks")], None),
    ],
    bases=(RecordedSeizedItem,),
    frozen=True,
)
DECLARED = {
    "/seizures/{seizure_id}": SeizureData,
    "/reports/{report_id}": ReportData,
    "/transfers/{transfer_id}": TransferData,
    "/records/{record_id}": RECORD,
    **PAPERS,
}
"""The answers that are made of declared fields."""


class Caller(NamedTuple):
    """Who asks: a role of a state, with a purpose or not, by a key that lacks a permission or not."""

    state: str | None
    role: str
    office: str = "TEST"
    lacks: Of | None = None
    has_purpose: bool = True

    def may(self, permission: Of | None) -> bool:
        return permission is None or permission in role_permissions(self.role) - {self.lacks}


NOBODY = Caller(None, "")
"""Who sends no key."""
CALLERS = [
    *(
        Caller(state, role)
        for state in STATES
        for role in ROLE_PERMISSIONS
        if role != "secretariat"
    ),
    *(Caller("BRA", role, HIDDEN_OFFICE) for role in ("police_officer", "trace_analyst")),
    *(Caller(state, "police_officer", has_purpose=False) for state in STATES),
    Caller(None, "secretariat"),
    NOBODY,
]


def _lacking(permission: Of | None) -> Caller | None:
    """Return a caller by a key that lacks one permission of the role."""
    roles = (role for role, given in ROLE_PERMISSIONS.items() if permission in given)
    role = next(roles, None)
    return role and Caller("BRA", role, lacks=permission)


@dataclass(frozen=True)
class Thing:
    """What a path names: who owns it, whom it concerns, and who may not see it."""

    id: str
    owners: frozenset[str] = frozenset()
    concerned: frozenset[str] = frozenset()
    visibility: str = "open"
    hidden_from: frozenset[str] = frozenset()
    permission: Of | None = None
    found_by: str = ""

    def is_seen_by(self, caller: Caller) -> bool:
        if self.permission and not caller.may(self.permission):
            return False
        office = f"{caller.state}-{caller.office}"
        return caller.state in self.owners | self.concerned and office not in self.hidden_from


class Cell(NamedTuple):
    """One question to the application."""

    route: Route
    caller: Caller
    thing: Thing | None
    url: str
    body: Any

    def __str__(self) -> str:
        return f"{self.route} by {self.caller} of {self.thing}"


# --- what there is ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def matrix(server, fill_once, tmp_path_factory) -> Iterator["Matrix"]:
    filled, ids = fill_once("filled", region.fill)
    with server.copied(filled, tmp_path_factory.mktemp("matrix")) as config:
        app = create_app(config, FixedClock(NOW))
        with app.app_context():
            _record_each_visibility(app)
            callers = [*CALLERS, *filter(None, map(_lacking, Of))]
            keys = {caller: _key(caller) for caller in callers if caller != NOBODY}
        url = server.url("owner", name_of(config)).replace("postgresql+psycopg2", "postgresql")
        with closing(psycopg2.connect(url, cursor_factory=NamedTupleCursor)) as owner:
            things = dict(_things(owner.cursor(), ids))
        yield Matrix(app, keys, things)
        with app.app_context():
            db.engine.dispose()


def _record_each_visibility(app: Flask) -> None:
    """Let Brazil record documents of each visibility, alone and of one matter with Paraguay."""
    make = actors.of(app)
    police, clerk = make("BRA", "police_officer"), make("BRA", "licensing_officer")
    person = bodies.party("Ana Ejemplo", "BRA", "individual") | {
        name: name for name in ("address", "contact", "identification", "licence")
    }
    result = {"note": "Seen", "external_ids": [{"system": "A", "number": "1"}]}
    for number, visibility in enumerate(VISIBILITIES):
        gun = bodies.firearm(serial=f"MTX{number}84417", year=2020)
        sides = {"from": bodies.party("Casa Exemplo", "BRA"), "to": person}
        same = result | {"visibility": visibility, "number": f"M-{number}"}
        clerk.post("/transfers", bodies.transfer(firearm=gun, licence="L-1", **sides, **same))
        stolen = {"from": person, "place": bodies.FOZ, "firearm": gun}
        police.post("/reports", bodies.report(**stolen, **same))
        more = {
            "organized_crime": {"linked": "suspected", "basis": "ballistics", "group": "G"},
            "concealment": "Under a seat",
            "route": {"departure": "PRY", "transit": ["ARG"], "destination": "BRA"},
            "found_with": [{"kind": "cocaine", "quantity": 1.5, "unit": "kg"}],
            "items": [gun | {"register_number": "R-9", "owner_kind": "police"}],
        }
        police.post("/seizures", bodies.seizure(**more, **same))
        joint = {"joint_with": {"state": "PRY", "number": "P-9"}} | same | {"number": f"J-{number}"}
        police.post("/seizures", bodies.seizure(**more, **joint))


def _key(caller: Caller) -> str:
    scopes = sorted(ROLE_PERMISSIONS[caller.role] - {caller.lacks})
    return actors.token(caller.state, caller.role, NOW, scopes, timedelta(1), caller.office)


def _things(cursor: Any, ids: dict[str, str]) -> Iterator[tuple[str, list[Thing]]]:
    """Yield what each name of an id stands for, the region's own first, of each visibility."""
    cursor.execute("SELECT subject_id, agency FROM trace_restriction")
    hidden: dict[str, set[str]] = {}
    for row in cursor.fetchall():
        hidden.setdefault(str(row.subject_id), set()).add(row.agency)
    for name, first in ids.items():
        noun = name.removesuffix("_id")
        key = "conversation_id" if noun == "conversation" else "id"
        cursor.execute(f"SELECT * FROM {TABLES.get(noun, noun)}")
        rows: dict[str, list[Any]] = {}
        for row in cursor.fetchall():
            rows.setdefault(str(getattr(row, key)), []).append(row)
        own = {of for of, each in rows.items() if "BRA" in {row.owner_state for row in each}}
        if noun in (*DOCUMENTS, "record"):
            visible = dict(_visibilities(cursor, noun))
        else:
            visible = dict.fromkeys(own if noun == "trace" else {first}, "open")
        yield (
            name,
            [
                _thing(of, rows[of], visibility, frozenset(hidden.get(of, ())))
                for of, visibility in sorted(visible.items(), key=lambda each: each[0] != first)
                if of in own or of == first
            ],
        )
    yield "code", [Thing(POST, frozenset({"BRA", "PRY"}))]


def _visibilities(cursor: Any, noun: str) -> Iterator[tuple[str, str]]:
    cursor.execute(
        f"SELECT r.{'id' if noun == 'record' else 'document_id'} AS of, s.visibility"
        " FROM record r LEFT JOIN record_setting s ON s.record_id = r.id"
        " WHERE r.document_kind <> 'alert'"  # read by whom the alert names
    )
    return ((str(row.of), row.visibility or "open") for row in cursor.fetchall())


def _thing(of: str, rows: list[Any], visibility: str, hidden_from: frozenset[str]) -> Thing:
    """Return a thing of its rows; of what two states have, the one that decides owns it."""
    owners = frozenset(row.owner_state for row in rows)
    concerned = owners.union(*(getattr(row, "concerned", ()) for row in rows))
    for name in ("origin_state", "alert_state"):
        owners = frozenset({getattr(rows[0], name)}) if hasattr(rows[0], name) else owners
    kind = getattr(rows[0], "subject_kind", None)
    permission = Of[f"{kind}_READ".upper()] if kind in DOCUMENTS else None
    found_by = rows[0].agency if hasattr(rows[0], "finding_state") else ""
    return Thing(of, owners, concerned, visibility, hidden_from, permission, found_by)


# --- what is asked, and what has to be answered -------------------------------------------------


@dataclass
class Matrix:
    """The application, a key for each caller, and what there is of each name of an id."""

    app: Flask
    keys: dict[Caller, str]
    things: dict[str, list[Thing]]
    document: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.document = self.app.test_client().get("/api/v1/openapi.json").json

    def cells(self) -> Iterator[Cell]:
        for route in ROUTES:
            operation = self.document["paths"][f"/api/v1{route.path}"][route.method.lower()]
            body, query = body_of(operation, self.document), query_of(operation, self.document)
            body = body | TIMED if route.path.endswith("/handovers") else body
            names = re.findall(r"\{(\w+)\}", route.path)
            ids = {name: self.things[name][0].id for name in names if name in self.things}
            ids = (
                dict.fromkeys(names, ID)
                | {"line": "1", "dataset": "seizures", "table": "seizures"}
                | ids
            )
            things = self.things.get(names[0], [None]) if names else [None]
            for thing in things[:1] if len(names) > 1 else things:
                named = ids | ({names[0]: thing.id} if thing else {})
                asked = "&".join(f"{name}={value}" for name, value in query.items())
                url = f"/api/v1{route.path.format_map(named)}?{asked}"
                for caller in (*CALLERS, _lacking(route.permission)):
                    if caller:
                        yield Cell(route, caller, thing, url, body)

    def ask(self, cell: Cell) -> Any:
        headers = dict(PURPOSE if cell.caller.has_purpose else {})
        if cell.caller != NOBODY:
            headers["Authorization"] = f"Bearer {self.keys[cell.caller]}"
        options = {} if cell.body is None else {"json": cell.body}
        client = self.app.test_client()
        if cell.route.method == "GET":
            with self.app.app_context():
                return client.get(cell.url, headers=headers)
        subject = re.match(r"/api/v1/(settings|\w+/[^/?]+)", cell.url)
        with undone(self.app):
            if subject and cell.thing and cell.thing.is_seen_by(cell.caller):
                read = client.get(subject[0], headers=headers)
                headers["If-Match"] = read.headers.get("ETag", '"1"')
            headers.setdefault("If-Match", '"1"')
            return client.post(cell.url, headers=headers, **options)


ACTED = {200, 201, 204, 409, 412, 415, 422}
"""What an act answers that the caller may do, as far as the matter allows it now."""
BOTH_ACT = re.compile(
    r"/shipments/.*/(hold|resume|incidents|checkpoints|receipt|receipt/correct)|/discrepancies/.*"
    r"|/conversations/.*|/calls/.*/answer|/permits/.*/shipments"
)
"""Acts of either side; the step, not the owner, says whose it is now."""
OWNER_ALONE = re.compile(r"/seizures/.*/\w+|/records/.*/disclosures|/alerts/.*|/hits/.*/(?!\w)")
"""What even the states concerned do not read."""
FOUND = ("/records/{record_id}", "/guns/{record_id}")
"""Read by who found the record."""
OF_A_STATE = ("/questionnaires",)
"""What is counted for the own state alone, which the secretariat has not."""
AS_THINGS_ARE = {
    "POST /keys": {404},  # the account is in the body
    "POST /agencies/{code}/correct": {404},
    "GET /audit/checkpoint": {404},  # nothing is sealed yet
    "GET /audit/bundle": {404},
    "GET /audit/{entry_id}/proof": {404},
    "GET /attachments": {422},
    "GET /places": {422},  # a place is near a point, or has a name
    "GET /statistics/{dataset}": {200, 422},  # without the own state
    "GET /traces/{trace_id}/working-file": {422},
    "GET /traces/{trace_id}/legs/{leg_id}/form": {422},
    "GET /traces/{trace_id}/legs/{leg_id}/form/fields": {422},
    "GET /permits/{permit_id}/paper": {200, 409},  # as the two states agreed
    "GET /shipments/{shipment_id}/paper": {200, 409},
}
"""Answers that follow from the rows of the region, where the caller may."""


def expected(cell: Cell) -> set[int]:
    """Return the statuses of a cell, by what is declared."""
    caller, thing, path, is_read = *cell[1:3], cell.route.path, cell.route.method == "GET"
    if caller == NOBODY:
        return {401}
    if not caller.may(cell.route.permission):
        return {403}
    allowed = AS_THINGS_ARE.get(str(cell.route), {200} if is_read else ACTED)
    if caller.state is None and path in OF_A_STATE:
        return {404}
    if thing is None:
        return {404} if "_id}" in path else allowed
    if not thing.is_seen_by(caller):
        if path in FOUND and thing.visibility == "open":
            return {200 if caller.has_purpose else 422}
        return {404} if "{code}" not in path else {403, *(allowed - {200, 201})}
    if thing.found_by and not caller.may(Of.ALERT_READ):
        return {200 if thing.found_by == f"{caller.state}-{caller.office}" else 404}
    is_own = caller.state in thing.owners
    if OWNER_ALONE.fullmatch(path) and not is_own:
        return {404} if is_read else {403, 404}
    if not is_read:
        return ACTED | {403} if BOTH_ACT.fullmatch(path) else allowed if is_own else {403}
    if not caller.has_purpose and path == "/guns/{record_id}":
        return {200, 422}  # the gun has records of others
    if not caller.has_purpose and not is_own and path in DECLARED and path not in PAPERS:
        return {422}
    return allowed


def test_every_route_answers_every_caller_as_is_declared(matrix):
    cells = list(matrix.cells())
    random.Random(SEED).shuffle(cells)
    each_route = {str(cell.route): cell for cell in cells}.values()
    drawn = sized([*each_route, *cells[:DRAWN]], cells)
    answers = [(cell, matrix.ask(cell).status_code) for cell in drawn]
    wrong = [f"{cell}: {status}" for cell, status in answers if status not in expected(cell)]
    assert wrong == [], f"SALSA_SEED={SEED}"


# --- fields -------------------------------------------------------------------------------------


def leaves_of(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of an answer's values; of lists without numbers."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves_of(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves_of(inner, path)
    elif value is not None:
        yield path


def released(cls: type, own: dict[str, Any], groups: set[str], path: str = "") -> Iterator[str]:
    """Yield the paths of what readers with field groups get, of the answer to its owner."""
    for member in members(cls):
        group, value = member.field.group, own.get(member.key)
        if isinstance(group, Split):
            group = group.cases.get(own.get(group.sibling, ""), group.otherwise)
        if not member.field.is_shown or group not in groups or value is None:
            continue
        if not member.is_nested:
            yield from leaves_of(value, f"{path}.{member.key}")
            continue
        for each in value if isinstance(value, list) else [value]:
            yield from released(member.shown_type, each, groups, f"{path}.{member.key}")


def field_cells(matrix: Matrix) -> Iterator[tuple[Cell, Cell]]:
    """Yield what is read of declared fields by others, each with the question of its owner."""
    for cell in matrix.cells():
        caller, thing, path = cell.caller, cell.thing, cell.route.path
        is_read = cell.route.method == "GET" and expected(cell) == {200}
        if path in DECLARED and is_read and thing and caller.state not in thing.owners:
            yield cell, cell._replace(caller=caller._replace(state="BRA"))


def _shown_keys(cls: type) -> set[str]:
    return {member.key for member in members(cls) if member.field.is_shown}


def wrong_fields(matrix: Matrix, cells: list[tuple[Cell, Cell]]) -> list[str]:
    wrong = []
    for cell, own_cell in cells:
        caller, thing, cls = cell.caller, cell.thing, DECLARED[cell.route.path]
        own, given = matrix.ask(own_cell).json, matrix.ask(cell).json
        concerns, is_paper = caller.state in thing.concerned, cell.route.path in PAPERS
        statement = Statement("BRA", thing.visibility, "H1", concerns, is_paper)
        reader = Reader(caller.state, caller.role, NOW.date(), "investigation", "C-1")
        decided = {group: decide_release(group, statement, reader) for group in FIELD_GROUPS}
        groups = {group for group, decision in decided.items() if decision.allowed}
        due, declared = {*released(cls, own, groups)}, _shown_keys(cls)
        shown = {*leaves_of({key: given[key] for key in declared & given.keys()})}
        if shown != due:
            wrong.append(f"{cell}: {sorted(shown - due)} too much, {sorted(due - shown)} missing")
    return wrong


def test_another_state_is_given_exactly_the_fields_of_its_groups(matrix):
    cells = list(field_cells(matrix))
    drawn = sized(random.Random(SEED).sample(cells, min(len(cells), DRAWN_FIELDS)), cells)
    assert wrong_fields(matrix, drawn) == [], f"SALSA_SEED={SEED}"


def test_a_release_that_allows_everything_is_found(matrix, monkeypatch):
    monkeypatch.setattr(sharing, "decide_release", lambda *_: Decision(True, "open"))
    cells = [each for each in field_cells(matrix) if each[0].route.path == "/records/{record_id}"]
    assert wrong_fields(matrix, [each for each in cells if each[0].caller.role == "trace_analyst"])


def test_each_class_of_declared_fields_has_a_route():
    routed = {base for cls in DECLARED.values() for base in cls.__mro__}
    assert routed >= {*CLASSES}
