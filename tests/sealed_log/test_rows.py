"""What acts wrote is as it was written, or the comparison and the offline verifier say so."""

import gzip
import json
import re
from uuid import UUID

import pytest
from sqlalchemy import create_engine, pool, select, text

from salsa_ext.access.rules import operator
from salsa_ext.access.signing import key_set
from salsa_ext.access.vault import Vault
from salsa_ext.core import log_verifier
from salsa_ext.core.log_verifier import NotProven
from salsa_ext.database.session import db, transaction
from salsa_ext.firearms.records.models import Party
from salsa_ext.personal_data.erasure import DocumentReference, PersonFinding, erase
from salsa_ext.sealed_log.row_comparison import compare_rows
from tests.http.test_batches import send
from tests.support import bodies
from tests.support.jobs import run_due
from tests.support.movements import Way, act


@pytest.fixture
def owner(real_database):
    """What has all rights, as a superuser has: triggers do not stop it."""

    def change(statement):
        engine = create_engine(real_database.migration_url, poolclass=pool.NullPool)
        with engine.begin() as connection:
            for table in ("seizure", "receipt", "audit_entry"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            assert connection.execute(text(statement)).rowcount > 0

    return change


@pytest.fixture
def recorded(real_app, real_client):
    """A seizure and its correction, a report, and a shipment that was received."""
    police = real_client("BRA", "police_officer")
    seizure = police.post("/seizures", bodies.seizure(number="S-1")).json
    corrected = bodies.seizure(number="S-1b", reason="Number")
    police.post(f"/seizures/{seizure['id']}/correct", corrected, 200, If_Match='"1"')
    police.post("/reports", bodies.report(number="R-1"))
    way = Way(real_client)
    shipment = way.ship("QM0000001")
    way.bol.post(f"/shipments/{shipment['id']}/receipt", {"received_on": "2026-03-03", "all": True})
    run_due(real_app, "sealing")


def test_all_rows_are_as_their_acts_wrote_them(recorded, real_database):
    result = compare_rows(real_database.migration_url, Vault.from_config(real_database))
    assert result.problems == []
    assert result.rows > 10


EDITS = {
    "UPDATE seizure SET number = 'S-9' WHERE version = 2": "seizure/.* is not as it was written",
    "DELETE FROM seizure WHERE version = 1": "seizure/.* is gone",
    "UPDATE mark SET text = 'ZZ1'": "record/.* is not as it was written",
    "UPDATE permit SET expires_on = expires_on + 300": "permit/.* is not as it was written",
    "UPDATE permit_line SET quantity = quantity + 100": "permit_line/.* is not as it was written",
    "UPDATE party SET name = 'Somebody else'": "party/.* is not as it was written",
    "UPDATE receipt SET item_count = 99": "receipt/.* is not as it was written",
    "UPDATE audit_entry SET role = 'auditor' WHERE action = 'report:recorded'": "audit entry .* is not",
    "INSERT INTO audit_entry (id, owner_state, concerned, at, action, subject_kind, subject_id, role, data,"
    " leaf_hash) SELECT gen_random_uuid(), owner_state, concerned, at, action, subject_kind, subject_id,"
    " role, data, leaf_hash FROM audit_entry LIMIT 1": "1 audit entries are in no log",
    "INSERT INTO report SELECT gen_random_uuid(), 1, owner_state, concerned, 'theft', details, status,"
    " 'R-2', stolen_from, place, giver_id, occurred_on, occurred_within, occurred_at, time_zone,"
    " recorded_at, reason FROM report": "rows of report were written by no act",
}


def test_edits_past_the_program_are_found(recorded, owner, real_database):
    for statement in EDITS:
        owner(statement)
    problems = "\n".join(
        compare_rows(real_database.migration_url, Vault.from_config(real_database)).problems
    )
    assert [problem for problem in EDITS.values() if not re.search(problem, problems)] == []


def test_a_record_edited_past_the_program_is_found(recorded, owner, real_database):
    owner("UPDATE record SET serial = 'ZZ1' WHERE document_kind = 'seizure' AND version = 2")
    [problem] = compare_rows(real_database.migration_url, Vault.from_config(real_database)).problems
    assert re.search("record/.*/2 is not as it was written .seizure:corrected", problem)


def test_of_an_amended_shipment_the_newest_version_counts(
    real_client, real_database, real_app, owner
):
    way = Way(real_client)
    shipment = way.ship()
    way.release(shipment)
    for day in ("2026-03-04", "2026-03-05"):
        act(way.bra, shipment, "amend", ships_on=day, authentication="Stamp 7", reason="Strike")
    run_due(real_app, "sealing")
    vault = Vault.from_config(real_database)
    assert compare_rows(real_database.migration_url, vault).problems == []
    owner("UPDATE shipment SET ships_on = ships_on + 1")
    [problem] = compare_rows(real_database.migration_url, vault).problems
    assert re.search("shipment/.* is not as it was written .shipment:amended", problem)


def test_a_permit_that_a_second_person_approved_is_proven(real_client, real_database, real_app):
    settings = {"second_person": ["permit"]}
    real_client("BRA", "state_administrator").post("/settings", settings, 200, If_Match='"0"')
    permit = real_client("BRA", "licensing_officer").post("/permits", bodies.permit()).json
    real_client("BRA", "supervisor").change(f"/permits/{permit['id']}", "approve")
    run_due(real_app, "sealing")
    result = compare_rows(real_database.migration_url, Vault.from_config(real_database))
    assert result.problems == [] and result.rows >= 5


def test_who_is_erased_leaves_the_others_provable(recorded, real_app, real_database):
    actor = operator("BRA")
    with real_app.app_context(), transaction(actor):
        named = [DocumentReference("permit", UUID(int=1))]
        erase(actor, [PersonFinding(party, named) for party in db.session.scalars(select(Party))])
    run_due(real_app, "sealing")
    result = compare_rows(real_database.migration_url, Vault.from_config(real_database))
    assert result.problems == []
    assert result.erased > 0


FEIGNED = {
    "UPDATE audit_entry SET salt = NULL WHERE action = 'report:recorded'": "audit entry .* is not",
    "UPDATE party SET name = 'Other', salt = NULL": "party/.* is not as it was written",
    "UPDATE party SET name = NULL, address = NULL, identification = NULL, contact = NULL,"
    " licence = NULL, salt = NULL, erased_at = now()": "party/.* is not as it was written",
}


@pytest.mark.parametrize("statement", FEIGNED)
def test_a_row_without_a_salt_is_no_erased_one(recorded, owner, real_database, statement):
    owner(statement)
    result = compare_rows(real_database.migration_url, Vault.from_config(real_database))
    assert re.search(FEIGNED[statement], "\n".join(result.problems))


@pytest.fixture
def verify(real_app, real_client, real_database, tmp_path):
    """Export rows, and verify them offline with the bundle of Brazil."""

    def run(change=lambda lines: lines):
        compare_rows(real_database.migration_url, Vault.from_config(real_database), tmp_path)
        path = tmp_path / "BRA-rows.jsonl.gz"
        with gzip.open(path, "rt") as file:
            lines = [json.loads(line) for line in file]
        with gzip.open(path, "wt") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in change(lines))
        bundle = tmp_path / "bundle.zip"
        bundle.write_bytes(real_client("BRA", "auditor").get("/audit/bundle").data)
        with real_app.app_context(), transaction(operator("BRA")):
            keys = {key["kid"]: key for key in key_set()["keys"]}
        return log_verifier.verify_bundle(bundle, keys, rows=path)

    return run


def test_rows_are_verified_offline(recorded, verify):
    assert verify().rows > 5


def blank_first(lines):
    """Leave out the texts of the first act that wrote some, as if they were of a person."""
    first = next(number for number, line in enumerate(lines) if line)
    return [[None] * len(line) if number == first else line for number, line in enumerate(lines)]


def call_changed(lines):
    """Claim that later acts changed the rows of the first one."""
    first = next(number for number, line in enumerate(lines) if line)
    return [[False] * len(line) if number == first else line for number, line in enumerate(lines)]


INCOMPLETE = [
    (blank_first, "is gone"),
    (call_changed, "not as any entry wrote it"),
    (lambda lines: lines[:2], "ends before"),
    (lambda lines: [None, *lines[:-1]], "has no rows"),
]


def test_a_file_of_rows_that_leaves_something_out_is_not_proven(recorded, verify):
    for change, reason in INCOMPLETE:
        with pytest.raises(NotProven, match=reason):
            verify(change)


def test_an_edited_row_is_not_proven_offline(recorded, owner, verify):
    owner("UPDATE seizure SET number = 'S-9' WHERE version = 2")
    with pytest.raises(NotProven, match=r"seizure/.* is not as entry"):
        verify()


def test_a_batch_with_a_refused_row_has_the_hashes_of_the_others(
    real_client, real_database, real_app
):
    police = real_client("BRA", "police_officer")
    rows = [bodies.seizure(number=f"S-{number}") for number in (1, 2, 1, 3)]
    send(police, "/seizures/batch", *rows)
    run_due(real_app, "sealing")
    result = compare_rows(real_database.migration_url, Vault.from_config(real_database))
    assert result.problems == []
    assert result.rows == 6
