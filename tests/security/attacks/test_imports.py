"""Files and profiles of one officer: they stop no worker, and show and change nothing of others.

Before: one slow expression of a profile held the worker of all states, and a failing run was
begun again each second.
"""

from dataclasses import replace

import pytest

from api import import_jobs
from importers.profiles import from_data, to_data
from salsa_ext.core.errors import Invalid
from tests.support.imported import seizure_profile, upload_file
from tests.support.jobs import jobs_to_idle

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


# --- runs that fail -----------------------------------------------------------------------------


def test_a_run_that_fails_unforeseen_is_failed(officer, monkeypatch):
    run_id = upload_file(officer, FILE)
    monkeypatch.setattr("importers.judge.read_cell", lambda *values: 1 / 0)
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
