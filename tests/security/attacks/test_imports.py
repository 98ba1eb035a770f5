"""Files and profiles of one officer: they stop no worker, and show and change nothing of others.

Before: one slow expression of a profile held the worker of all states, and a failing run was
begun again each second.
"""

import os
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from api import import_jobs
from api.routes.imports import rejects_csv
from importers import grouping
from importers.drafting import guess
from importers.profiles import from_data, to_data
from importers.reading.tables import Row, Table
from salsa_ext.access.rules import operator
from salsa_ext.administration import imports
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Invalid
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import execute_raw, transaction
from tests.conftest import NOW
from tests.support.imported import seizure_profile, send_file, upload_file
from tests.support.jobs import jobs_to_idle, run_due

FILE = b"case,day,serial,make,calibre,type,town\nC-1,1/2/2020,TKA52390,Taurus,9mm,pistol,Santos"


@pytest.fixture
def officer(police):
    """Return a police officer of Brazil whose state has a profile."""
    police.post("/import-profiles", {"definition": to_data(seizure_profile())})
    return police


def read(officer, run_id):
    jobs_to_idle()
    return officer.get(f"/imports/{run_id}").json


# --- expressions of profiles --------------------------------------------------------------------


def test_a_slow_expression_of_a_profile_takes_linear_time(officer):
    profile = seizure_profile(
        serials={"serial": "(a+)+b|;"}, skip=[{"reason": "x", "when": {"town": "(a+)+b"}}]
    )
    officer.post("/import-profiles", {"definition": to_data(profile)})
    rows = FILE + b"\nC-2,1/2/2020,TKA52391;TKA52392,Taurus,9mm,pistol," + b"a" * 60 + b"!"
    run = read(officer, upload_file(officer, rows))
    assert (run["status"], run["report"]["counts"]) == ("judged", {"created": 2})


@pytest.mark.parametrize(
    "pattern", ["(?<=a)b", r"(a)\1", "(", "a{1,99999}", "(a{1,900}){9}", "\ud800", 5]
)
def test_an_expression_without_a_bound_is_refused(pattern):
    with pytest.raises(Invalid) as refused:
        seizure_profile(serials={"serial": pattern})
    assert [*refused.value.errors] == ["serials"]


def test_many_large_expressions_are_refused():
    with pytest.raises(Invalid):
        seizure_profile(serials=dict.fromkeys("abc", "a{900}"))


def test_a_part_without_brackets_is_refused():
    data = to_data(seizure_profile())
    data["documents"][0]["fields"]["place.name"] = {"columns": ["town"], "part": "S"}
    with pytest.raises(Invalid):
        from_data(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"serials": {"serial": 5}},
        {"serials": {"serial": "a{1,99999999999999999999}("}},
        {"skip": [{"reason": "x", "when": {"town": 5}}]},
        {"skip": [{"reason": "x", "when": {"town": ["a"]}}]},
        {"name": 5},
        {"title": "a\u0000b"},
        {"title": "a" * 3_000},
        {"least": "x"},
        {"full": "yes"},
        {"columns": {"serial": [1]}},
        {"values": {"town": {"a": 1}}},
        {"documents": [{"subject": ["a"], "number": "{n}", "fields": {}}]},
        {"documents": [{"subject": "seizures", "number": 5, "fields": {}}]},
        {"documents": "seizures"},
        {"agencies": [5]},
    ],
)
def test_a_profile_of_wrong_types_is_refused(officer, wrong):
    definition = to_data(seizure_profile()) | wrong
    officer.post("/import-profiles", {"definition": definition}, expect=422)


def test_a_constant_that_is_an_object_is_refused(officer):
    definition = to_data(seizure_profile())
    definition["documents"][0]["constants"]["kind"] = {"a": 1}
    officer.post("/import-profiles", {"definition": definition}, expect=422)


# --- runs that fail -----------------------------------------------------------------------------


def test_a_run_that_fails_unforeseen_is_failed(officer, monkeypatch):
    run_id = upload_file(officer, FILE)
    monkeypatch.setattr("importers.fields.read_cell", lambda *values: 1 / 0)
    run = read(officer, run_id)
    assert run["status"] == "failed"
    assert "cannot read this file" in run["report"]["reason"]
    monkeypatch.undo()
    assert read(officer, upload_file(officer, FILE))["status"] == "judged"


def test_a_run_that_ends_its_processes_is_failed(officer, monkeypatch):
    run_id = upload_file(officer, FILE)

    def crash(work):
        raise SystemExit

    monkeypatch.setattr(import_jobs, "_step", crash)
    for _ in range(import_jobs.MAX_TRIES // import_jobs.CRASH):
        with pytest.raises(SystemExit):
            jobs_to_idle()
        import_jobs._forget(next(iter(import_jobs._BEGUN)))
    assert "ended several times" in read(officer, run_id)["report"]["reason"]


def test_a_run_is_discarded_while_it_is_checked(officer):
    run_id = upload_file(officer, FILE)
    at_once = replace(officer, background=False)
    assert at_once.post(f"/imports/{run_id}/undo", expect=200).json["status"] == "undoing"
    assert read(officer, run_id)["status"] == "undone"


# --- costly files -------------------------------------------------------------------------------


def test_more_rows_of_a_number_than_a_document_has_guns_are_refused_at_once(officer, monkeypatch):
    merged = []
    monkeypatch.setattr(grouping, "merge", lambda first, others: merged.append(others))
    rows = FILE + FILE.partition(b"\n")[2].join([b"\n"] * 1_002)
    run = read(officer, upload_file(officer, rows))
    assert run["report"]["counts"] == {"rejected": 1_002}
    assert "More rows have this number" in run["report"]["problems"][0]["text"]
    assert merged == []


def test_a_document_of_many_rows_is_put_together_at_once(officer, monkeypatch):
    merged, real = [], grouping.merge
    monkeypatch.setattr(
        grouping, "merge", lambda first, others: merged.append(len(others)) or real(first, others)
    )
    rows = FILE + FILE.partition(b"\n")[2].join([b"\n"] * 900)
    run = read(officer, upload_file(officer, rows))
    assert run["report"]["counts"] == {"created": 1}
    assert merged == [899]


def test_of_a_wide_file_the_first_columns_are_guessed(app):
    columns = [f"col{at} serie" for at in range(500)]
    rows = [Row(at, {name: f"AB{at}0{len(name)}" for name in columns}) for at in range(2, 42)]
    scored = set()
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            guess, "score_column", lambda path, members, column, *rest: scored.add(column) or 0
        )
        draft = guess.draft_profile(Table(columns, 1, iter(rows)), {}, name="x", state="BRA")
    assert scored == {*columns[: guess.MAX_GUESSED]}
    assert [each.column for each in draft.columns] == columns


# --- files of others ----------------------------------------------------------------------------


@pytest.fixture
def loaded(officer):
    """Return the id of a loaded import of seizures."""
    run_id = upload_file(officer, FILE)
    read(officer, run_id)
    officer.post(f"/imports/{run_id}/confirm", expect=200)
    assert read(officer, run_id)["status"] == "loaded"
    return run_id


def test_an_import_is_for_who_may_record_its_documents(officer, loaded, bra):
    for path in ("", "/rejects"):
        bra.get(f"/imports/{loaded}{path}", expect=403)
    for action in ("confirm", "undo"):
        bra.post(f"/imports/{loaded}/{action}", expect=403)
    assert bra.get("/imports").json["items"] == []
    assert [each["id"] for each in officer.get("/imports").json["items"]] == [loaded]


def test_a_key_that_may_import_alone_reads_and_undoes_nothing(loaded, as_actor):
    limited = as_actor("BRA", "police_officer", ["import:run"])
    limited.get(f"/imports/{loaded}", expect=403)
    limited.post(f"/imports/{loaded}/undo", expect=403)


def test_another_officer_loads_a_file_in_the_own_name(officer, as_actor):
    run_id = upload_file(officer, FILE)
    read(officer, run_id)
    as_actor("BRA", "police_officer").post(f"/imports/{run_id}/confirm", expect=200)
    read(officer, run_id)
    officer.post(f"/imports/{run_id}/undo", expect=200)
    read(officer, run_id)
    with transaction(operator("BRA")):
        run = imports.read_run(operator("BRA"), UUID(run_id))
        acts = dict(
            execute_raw(
                "SELECT action, account_id FROM audit_entry"
                " WHERE action IN ('seizure:recorded', 'seizure:withdrawn')"
            ).fetchall()
        )
        people = (run.account_id, run.confirmed_by, run.undone_by)
    assert acts == {"seizure:recorded": people[1], "seizure:withdrawn": people[2]}
    assert people[2] == people[0] != people[1]


def test_a_profile_is_used_and_replaced_by_no_other(officer, as_actor, bra):
    definition = to_data(seizure_profile())
    own = [each for each in bra.get("/import-profiles").json["items"] if not each["shipped"]]
    assert own == []
    bra.post("/import-profiles", {"definition": definition}, expect=403)
    as_actor("BRA", "police_officer").post(
        "/import-profiles", {"definition": definition}, expect=409
    )
    officer.post("/import-profiles", {"definition": definition})


# --- files on disk ------------------------------------------------------------------------------


@pytest.fixture
def folder(app):
    return app.config["IMPORT_STORE"].root / "imports"


def test_a_refused_upload_leaves_no_file(officer, folder, monkeypatch):
    before = {*folder.glob("*")}
    monkeypatch.setattr(imports, "MAX_WAITING", 0)
    answer = send_file(officer, FILE)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert {*folder.glob("*")} == before


def test_files_of_no_run_are_deleted(app, officer, folder):
    run_id = upload_file(officer, FILE)
    orphan = folder / f"{new_id()}.sealed"
    orphan.write_bytes(b"0")
    for path in (orphan, folder / f"{run_id}.sealed"):
        os.utime(path, (0, 0))
    run_due(app, "orphaned_imports")
    assert not orphan.exists()
    assert (folder / f"{run_id}.sealed").exists()


# --- refused rows -------------------------------------------------------------------------------

NAMED = FILE + b"\nC-2,soon,TKA52391,Taurus,9mm,pistol,=cmd()+Zoraida"


@pytest.fixture
def refused(officer):
    """Return the id of a checked import with a refused row that names a person."""
    run_id = upload_file(officer, NAMED)
    assert read(officer, run_id)["report"]["counts"]["rejected"] == 1
    return run_id


def stored_rows():
    with transaction(operator("BRA")):
        return [content for (content,) in execute_raw("SELECT content FROM import_reject")]


def test_refused_rows_are_encrypted_and_disarmed(officer, refused):
    [content] = stored_rows()
    assert "Zoraida" not in content
    headers = {"Authorization": f"Bearer {officer.token}"}
    rows = officer.client.get(f"/api/v1/imports/{refused}/rejects", headers=headers).text
    assert ",'=cmd()+Zoraida," in rows


def test_a_formula_in_a_heading_or_reason_is_disarmed(officer):
    run_id = upload_file(officer, FILE)
    with transaction(operator("BRA")):
        cells = [{"column": "=cmd()", "text": "x"}]
        row = {
            "row": 9,
            "cells": cells,
            "problems": [{"column": "=cmd()", "text": "wrong", "params": {}}],
        }
        imports.add_rejects(operator("BRA"), UUID(run_id), {9: row})
        lines = [*rejects_csv(operator("BRA"), UUID(run_id))]
    assert lines == ["'=cmd(),row,reason\r\nx,9,'=cmd(): wrong\r\n"]


def test_refused_rows_end_with_a_discarded_file(officer, refused):
    officer.post(f"/imports/{refused}/undo", expect=200)
    assert stored_rows() == []
    assert "preview" not in read(officer, refused)["report"]


def test_refused_rows_end_thirty_days_after_the_load(app, officer, refused):
    officer.post(f"/imports/{refused}/confirm", expect=200)
    read(officer, refused)
    for days, count in ((29, 1), (31, 0)):
        run_due(app, "waiting_imports", clock=FixedClock(NOW + timedelta(days=days)))
        assert len(stored_rows()) == count


def test_an_erased_person_is_in_no_refused_row(officer, refused):
    with transaction(operator("BRA")):
        imports.forget_texts(operator("BRA"), {"Other Person"})
    assert len(stored_rows()) == 1
    with transaction(operator("BRA")):
        imports.forget_texts(operator("BRA"), {"zoraida"})
    assert stored_rows() == []


def test_of_many_refused_rows_the_first_are_stored(officer, monkeypatch):
    monkeypatch.setattr(imports, "MAX_REJECTS", 2)
    rows = FILE + b"".join(b"\nC-9%d,soon,TKA1,Taurus,9mm,pistol,x" % at for at in range(5))
    report = read(officer, upload_file(officer, rows))["report"]
    assert (report["counts"]["rejected"], len(stored_rows())) == (5, 2)
