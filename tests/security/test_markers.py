"""Each personal field is planted with words of its own, which then stand where they are declared.

Looked through: every column of every table as its owner reads it, the log of the service and what
it prints, metrics, answers to errors and to others, the files of the installation and of the machine.
"""

import logging
import tempfile
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import sql

import salsa_ext.tables  # noqa: F401 - declares all models
from api.docs import CLASSES
from api.http.monitoring import JsonFormatter
from salsa_ext.core.fields import leaves, members
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import Base
from salsa_ext.documents import single_gun
from salsa_ext.firearms.records.parties import Party
from salsa_ext.personal_data.values import Person
from tests.support import bodies, files
from tests.support.jobs import finish_waiting

MARK = "QVXMARK"
COLUMNS = [column for table in Base.metadata.tables.values() for column in table.columns]
DECLARED = {
    (column.table.name, column.name)
    for column in COLUMNS
    if "pii" in column.info and not isinstance(column.type, EncryptedText)
}
"""Where a personal value may be in clear."""


def planted(name, cls=Party, **more):
    """The personal texts of a class, each with a word of its own."""
    texts = [member.name for member in members(cls) if member.field.personal]
    return {text: f"{MARK} {name} {text}" for text in texts} | more


def person(name, country="PRY", kind="individual"):
    return planted(name, country=country, kind=kind)


@pytest.fixture
def lines():
    """What the service logs, as it is written."""
    written, handler = [], logging.Handler()
    handler.emit = lambda record: written.append(JsonFormatter().format(record))
    logger = logging.getLogger("salsa")
    level, _ = logger.level, logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def answers(real_app, real_client, monkeypatch, lines, temporary):
    """Plant, refuse, break and run all jobs; returns answers to owners by class, and all others."""
    by = {
        role: real_client("PRY", role)
        for role in ("licensing_officer", "police_officer", "auditor")
    }
    clerk, police, auditor = by.values()
    place = bodies.FOZ | {"country": "PRY", "name": f"{MARK} place"}
    officer = {"Salsa_Officer": f"{MARK}7"}
    sale = {"to": person("buyer"), "from": person("seller"), "licence": f"{MARK} licence"}
    sold = clerk.post("/transfers", bodies.transfer(**sale), **officer)
    gun = bodies.firearm(serial="MRK411230")
    stolen = {"from": person("victim"), "place": place, "firearm": gun}
    report = police.post("/reports", bodies.report(**stolen), **officer)
    seized = gun | {"register_number": f"{MARK} register", "owner_kind": "police"}
    seizure = police.post("/seizures", bodies.seizure(place=place, items=[seized]), **officer)
    sides = {side: person(side) for side in ("exporter", "importer", "final_consignee", "broker")}
    exporter = real_client("BRA", "licensing_officer")
    signed = bodies.authority("BRA", f"{MARK} signatory")
    permit = exporter.post("/permits", bodies.permit(authority=signed, **sides))
    plan = bodies.transit_permit("ARG")["plan"] | {"carrier": f"{MARK} haulier"}
    crossing = bodies.transit_permit("ARG", plan=plan)
    transit = real_client("ARG", "licensing_officer").post("/permits", crossing)
    carried = {"document_kind": "crt", "document_number": "X", "plates": [f"{MARK}1"]}
    moved = bodies.shipment(carrier=person("carrier"), transport=carried)
    shipment = exporter.post(f"/permits/{permit.json['id']}/shipments", moved)
    asked = planted("asking", Person, country="PRY")
    auditor.post(
        "/subject-requests", {"kind": "access", "person": asked, "received_on": "2026-03-02"}
    )
    titled = {"kind": "photograph", "title": "A photograph"}
    files.attach(police, f"seizure:{seizure.json['id']}", files.photograph(), **titled)
    trace = police.post("/traces", bodies.trace_of(seizure.json["id"])).json
    possessor = {"possessor": {"name": f"{MARK} possessor", "birth_date": "1990-04-01"}}
    police.post(f"/traces/{trace['id']}/etrace-data", possessor, 200)
    others = [
        clerk.post("/transfers", bodies.transfer(number="N", kind=MARK, **sale), 422),
        police.post("/seizures", bodies.seizure(place=place | {"country": MARK}), 422),
        real_client("BRA", "police_officer").post("/checks", bodies.check(serial="MRK411230")),
    ]
    finish_waiting(real_app)
    others += [real_client("BRA", "auditor").get("/audit"), auditor.get("/notifications")]
    monkeypatch.setattr(single_gun, "new_id", lambda: f"{MARK}-NO-ID")
    others.append(clerk.post("/transfers", bodies.transfer(number="N-2", **sale), 500))
    others.append(real_app.test_client().get("/metrics"))
    owners = zip(
        ("TransferData", "ReportData", "SeizureData", "PermitData", "ShipmentData"),
        (sold, report, seizure, permit, shipment),
        strict=True,
    )
    answered = {name: [answer.json] for name, answer in owners}
    answered["PermitData"].append(transit.json)
    return answered, others


def test_a_planted_word_is_found_where_it_is_declared_and_nowhere_else(
    real_database, answers, lines, capfd, temporary
):
    _, others = answers
    found = columns_with_marks(real_database)
    assert found <= DECLARED
    assert ("party", "name") in found
    texts = [*lines, *capfd.readouterr(), *(answer.get_data(as_text=True) for answer in others)]
    assert [text for text in texts if MARK.casefold() in text.casefold()] == []
    folders = (real_database.home, temporary)
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert written  # the key of the installation at least
    assert [path for path in written if MARK.encode() in path.read_bytes()] == []


def test_each_declared_text_of_a_person_is_planted(answers):
    owners, _ = answers
    for cls in CLASSES:
        for chain in leaves(cls):
            is_sent = all(member.field.is_sent for member in chain)
            is_text = chain[-1].field.personal and chain[-1].type is str
            if is_sent and is_text and cls.__name__ in owners:
                values = values_at(owners[cls.__name__], [member.key for member in chain])
                is_planted = any(MARK in str(value) for value in values)
                assert is_planted, (cls.__name__, chain[-1].key)


def values_at(value, keys):
    """Return the values of an answer at a path, of each entry of a list."""
    if isinstance(value, list):
        return [found for each in value for found in values_at(each, keys)]
    return values_at((value or {}).get(keys[0]), keys[1:]) if keys else [value]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def columns_with_marks(config):
    url = config.migration_url.replace("postgresql+psycopg2", "postgresql")
    found = set()
    with closing(psycopg2.connect(url)) as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type NOT IN ('integer', 'bigint', 'uuid', 'date')"
        )
        for table, column, kind in cursor.fetchall():
            value = sql.Identifier(column)
            shown = "encode({}, 'escape')" if kind == "bytea" else "{}::text"
            query = sql.SQL(f"SELECT count(*) FROM {{}} WHERE {shown} ILIKE %s")
            cursor.execute(query.format(sql.Identifier(table), value), (f"%{MARK}%",))
            if cursor.fetchone()[0]:
                found.add((table, column))
    return found
