"""An uploaded file over HTTP: checked, confirmed, loaded, undone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.import_jobs import Pace, read_pace
from importers.profiles import to_data
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support.imported import seizure_profile, upload_file
from tests.support.jobs import jobs_to_idle, run_due

HEADER = "case,day,serial,make,calibre,type,town"
GOOD = "C-1,1/2/2020,TKA52390,Taurus,9mm,pistol,Santos"
BAD = "C-2,soon,TKA52391,Taurus,9mm,pistol,Santos"


@pytest.fixture
def officer(police):
    """Return a police officer of Brazil whose state has a profile."""
    police.post("/import-profiles", {"definition": to_data(seizure_profile())})
    return police


@pytest.fixture
def upload(officer):
    """Upload rows as a file; return the id of the import."""

    def call(*rows):
        return upload_file(officer, "\n".join([HEADER, *rows]).encode())

    return call


def read(officer, run_id):
    jobs_to_idle()
    return officer.get(f"/imports/{run_id}").json


def test_a_file_is_checked_before_anything_is_loaded(officer, upload):
    run = read(officer, upload(GOOD, BAD))
    assert (run["status"], run["rows_read"], run["file_name"]) == ("judged", 2, "guns.csv")
    assert run["report"]["counts"] == {"created": 1, "rejected": 1}
    assert run["report"]["preview"][0]["document"]["number"] == "C-1"
    assert officer.get("/seizures?number=C-1").json["items"] == []


def test_a_confirmed_file_is_loaded_as_its_uploader(officer, upload):
    run_id = upload(GOOD, BAD)
    read(officer, run_id)
    assert officer.post(f"/imports/{run_id}/confirm", expect=200).json["status"] == "loading"
    assert read(officer, run_id)["status"] == "loaded"
    assert len(officer.get("/seizures?number=C-1").json["items"]) == 1


def test_refused_rows_are_a_file(officer, upload):
    run_id = upload(GOOD, BAD)
    read(officer, run_id)
    answer = officer.client.get(
        f"/api/v1/imports/{run_id}/rejects", headers={"Authorization": f"Bearer {officer.token}"}
    )
    header, row = answer.data.decode("utf-8-sig").splitlines()
    assert header == f"{HEADER},row,reason"
    assert row == f"{BAD},3,day: This is no date that can be read: soon."


def test_an_import_is_undone(officer, upload):
    run_id = upload(GOOD)
    read(officer, run_id)
    officer.post(f"/imports/{run_id}/confirm", expect=200)
    read(officer, run_id)
    assert officer.post(f"/imports/{run_id}/undo", expect=200).json["status"] == "undoing"
    assert read(officer, run_id)["status"] == "undone"
    [seizure] = officer.get("/seizures?number=C-1").json["items"]
    assert seizure["status"] == "withdrawn"


def test_what_is_not_checked_yet_is_not_loaded(officer, upload):
    run_id = upload(GOOD)
    at_once = replace(officer, background=False)
    refused = at_once.post(f"/imports/{run_id}/confirm", expect=409)
    assert "being checked" in refused.json["detail"]


def test_a_file_of_other_columns_fails_with_its_reason(officer, upload, monkeypatch):
    monkeypatch.setattr(f"{__name__}.HEADER", "a,b")
    run = read(officer, upload("1,2"))
    assert run["status"] == "failed"
    assert "lacks the columns" in run["report"]["reason"]
    officer.post(f"/imports/{run['id']}/undo", expect=200)
    assert read(officer, run["id"])["status"] == "undone"


def test_the_file_is_sealed_on_disk_and_deleted_at_the_end(app, officer, upload):
    folder = app.config["IMPORT_STORE"].root / "imports"
    run_id = upload(GOOD)
    [stored] = folder.glob(f"{run_id}*")
    assert b"TKA52390" not in stored.read_bytes()
    read(officer, run_id)
    officer.post(f"/imports/{run_id}/confirm", expect=200)
    read(officer, run_id)
    assert list(folder.glob(f"{run_id}*")) == []
    officer.post(f"/imports/{run_id}/undo", expect=200)
    assert read(officer, run_id)["status"] == "undone"
    assert list(folder.glob(f"{run_id}*")) == []


def test_a_meaning_of_a_text_is_given_and_stored(officer, upload):
    row = GOOD.replace("Taurus", "Xyzzy Arms")
    run_id = upload(row)
    [unknown] = read(officer, run_id)["report"]["unknown"]
    assert unknown == {"kind": "make", "text": "Xyzzy Arms", "count": 1}
    meaning = {"kind": "make", "text": "Xyzzy Arms", "means": "Nobody Ltd"}
    officer.post(f"/imports/{run_id}/map", {"values": [meaning]}, expect=422)
    meaning["means"] = "Taurus"
    officer.post(f"/imports/{run_id}/map", {"values": [meaning]}, expect=200)
    assert read(officer, run_id)["report"]["unknown"] == []
    assert read(officer, upload(row))["report"]["unknown"] == []


def test_a_file_that_nobody_loads_is_deleted(app, officer, upload):
    run_id, folder = upload(GOOD), app.config["IMPORT_STORE"].root / "imports"
    read(officer, run_id)
    run_due(app, "waiting_imports", clock=FixedClock(NOW + timedelta(days=29)))
    assert read(officer, run_id)["status"] == "judged"
    run_due(app, "waiting_imports", clock=FixedClock(NOW + timedelta(days=31)))
    assert read(officer, run_id)["status"] == "undone"
    assert list(folder.glob(f"{run_id}*")) == []


@pytest.mark.parametrize(
    ("rows", "seconds", "pace"),
    [
        (0, 9, Pace(4_000)),
        (1_000, 10, Pace(4_000, 100, timedelta(seconds=30))),
        (5_000, 10, Pace(5_000, 500, timedelta())),
    ],
)
def test_the_pace_of_a_run_tells_what_is_left(rows, seconds, pace):
    began = datetime(2026, 1, 1, tzinfo=UTC)
    assert read_pace(rows, 4_000, began, began + timedelta(seconds=seconds)) == pace


def test_profiles_that_come_along_are_listed_beside_those_of_the_state(officer):
    items = {
        each["name"]: each["shipped"] for each in officer.get("/import-profiles").json["items"]
    }
    assert items == {
        "armoury": False,
        "ec-illicit-arms": True,
        "us-crime-guns": True,
        "us-handgun-sales": True,
    }
