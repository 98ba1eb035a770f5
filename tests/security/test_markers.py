"""Each personal field is planted with words of its own, which then stand where they are declared.

Looked through: every column of every table in a dump, so queues and what waits for webhooks, the log of
the service and what it prints, metrics, answers to errors and to others, the files of the installation
and of the machine. Of backups `tests/faults/test_restore.py` shows it.
"""

import logging
import re
import subprocess
import tempfile

import pytest

import salsa_ext.tables  # noqa: F401 - declares all models
from api.docs import CLASSES
from api.http.monitoring import JsonFormatter
from salsa_ext.core.fields import leaves, members
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.postgres import programs
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
QUEUES = {"change", "outbox", "inbox", "notification", "webhook_delivery"}


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
    hook = {"url": "https://192.0.2.1/hook", "kinds": ["seizure", "transfer", "report", "trace"]}
    real_client("PRY", "state_administrator").post("/webhooks", hook)
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
    monkeypatch.setattr(single_gun, "new_ids", lambda count: [f"{MARK}-NO-ID"] * count)
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
    columns, tables = read_dump(real_database)
    assert columns <= DECLARED
    assert ("party", "name") in columns
    assert tables >= QUEUES
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


def read_dump(config):
    """Return the columns in whose text or bytes a dump has the mark, and the tables that have rows."""
    url = config.migration_url.replace("postgresql+psycopg2", "postgresql")
    command = [programs.find_programs() / "pg_dump", "--data-only", url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    columns, tables, lines = set(), set(), iter(dump.splitlines())
    for line in lines:
        if copied := re.match(r"COPY public\.(\w+) \((.*)\) FROM stdin", line):
            table, names = copied[1], copied[2].replace('"', "").split(", ")
            for row in iter(lambda: next(lines), "\\."):
                tables.add(table)
                cells = zip(names, row.split("\t"), strict=True)
                columns |= {(table, name) for name, cell in cells if holds_mark(cell)}
        else:
            assert not holds_mark(line)
    return columns, tables


def holds_mark(cell):
    text = bytes.fromhex(cell[3:]).lower() if cell.startswith(r"\\x") else cell.lower().encode()
    return MARK.lower().encode() in text
