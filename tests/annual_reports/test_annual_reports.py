"""Annual reports: filled from records, completed by persons, frozen and signed."""

import io
import json
from datetime import date

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from api.cli import main
from salsa_ext.access.rules import operator
from salsa_ext.core.codes import SEIZURE_GAPS
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.database.session import db, transaction
from salsa_ext.statistics import rollups
from tests.support import bodies, jobs

GUNS = ("pistol", "pistol", "revolver", "unknown")


def record_seizure(police, number, month, kinds):
    items = [
        bodies.firearm(line=line, serial=f"AR{number}{line}771", type=kind)
        for line, kind in enumerate(kinds, start=1)
    ]
    body = bodies.seizure(number=f"AR-{number}", items=items, occurred_on=f"2025-{month:02}-05")
    police.post("/seizures", body | {"legal_grounds": ["possession", "trafficking"]})


@pytest.fixture
def analyst(as_actor):
    """A person of Brazil who writes its report, where four guns were seized in March 2025."""
    record_seizure(as_actor("BRA", "police_officer"), 1, 3, GUNS)
    return as_actor("BRA", "trace_analyst")


@pytest.fixture
def secretariat(as_actor):
    return as_actor(None, "secretariat")


@pytest.fixture
def draft(analyst):
    """The address of a draft of Brazil for 2025."""
    return f"/annual-reports/{analyst.post('/annual-reports', {'year': 2025}).json['id']}"


def rows_of(report, code):
    table = next(each for each in report["tables"] if each["code"] == code)
    return {
        row["code"]: dict(zip(table["columns"], row["amounts"], strict=True))
        for row in table["rows"]
    }


def test_tables_count_the_own_records_of_the_year_by_the_categories_of_questionnaires(analyst):
    answer = analyst.get("/questionnaires?year=2025").json
    classes = rows_of(answer, "classes")
    assert classes["pistol"] == {"seized": 2, "found": 0, "surrendered": 0, "": 2}
    assert (classes["machine_gun"][""], classes[""][""]) == (0, 4)
    grounds = rows_of(answer, "grounds")
    assert (grounds["possession"][""], grounds["trafficking"][""]) == (4, 4)
    assert "" not in grounds, "who counts twice has no sum"
    assert answer["share"] == {"established": 0, "recovered": 4, "percent": 0}
    of_arms = analyst.get("/questionnaires?year=2025&questionnaire=arms_flows").json["tables"]
    assert {each["questionnaire"] for each in of_arms} == {"arms_flows"}
    lines = analyst.get("/questionnaires?year=2025&format=csv").text.splitlines()
    assert "classes,pistol,seized,2" in lines
    book = analyst.get("/questionnaires?year=2025&format=xlsx").data
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("classes")
    assert sheet.to_python()[3] == ["Pistol", 2, 0, 0, 2]


def test_seizures_are_listed_by_what_a_report_misses(analyst, as_actor):
    police = as_actor("BRA", "police_officer")
    gun = bodies.firearm(serial="AR991771")
    del gun["marking"], gun["country_of_manufacture"]
    bare = {"legal_grounds": [], "crime_context": []}
    police.post("/seizures", bodies.seizure(number="AR-9", items=[gun], **bare))
    listed = {
        gap: [each["number"] for each in police.get(f"/seizures?missing={gap}").json["items"]]
        for gap in SEIZURE_GAPS
    }
    assert listed.pop("class_unknown") == ["AR-1"]
    assert listed.pop("mark_unread") == []
    assert {*map(tuple, listed.values())} == {("AR-9",)}
    police.get("/seizures?missing=words_missing", 422)


def test_a_draft_shows_what_is_missing(analyst, draft):
    gaps = {gap["code"]: gap for gap in analyst.get(draft).json["gaps"]}
    assert gaps["class_unknown"]["amount"] == 1
    assert gaps["months_without"]["items"] == [f"2025-{at:02}" for at in range(1, 13) if at != 3]
    assert {*gaps["registers_empty"]["items"]} == {"permits", "export", "import"}
    assert gaps["numbers_missing"]["amount"] == 4
    analyst.change(draft, "write", {"language": "pt", "persons_convicted": 0, "trade": "Nada."})
    gaps = {gap["code"]: gap for gap in analyst.get(draft).json["gaps"]}
    assert "persons_convicted" not in gaps["numbers_missing"]["items"]
    assert "trade" not in gaps["words_missing"]["items"]


def test_each_version_of_the_words_stays_stored(analyst, draft):
    analyst.change(draft, "write", {"language": "pt", "trade": "Um."})
    analyst.change(draft, "write", {"language": "en", "trade": "One.", "stock_marked": 7})
    analyst.change(draft, "write", {"language": "pt", "remove": ["trade", "stock_marked"]})
    assert analyst.get(draft).json["words"] == {"trade": {"en": "One."}}
    texts = analyst.get(f"{draft}/texts").json["items"]
    assert [each["version"] for each in texts] == [4, 3, 2, 1]
    assert texts[1]["words"] == {"trade": {"pt": "Um.", "en": "One."}}
    analyst.post(f"{draft}/write", {"language": "pt", "trade": "X"}, 412, If_Match='"3"')


def test_what_is_signed_stays_as_it_is_and_a_correction_lists_its_changes(
    analyst, draft, as_actor, tmp_path
):
    analyst.change(draft, "write", {"language": "pt", "trade": "Um.", "stock_marked": 7})
    signed = analyst.change(draft, "sign").json
    assert (signed["status"], rows_of(signed, "classes")["pistol"][""]) == ("signed", 2)
    record_seizure(as_actor("BRA", "police_officer"), 2, 5, ["pistol"])
    assert analyst.get(draft).json == signed
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(analyst.get("/signing-keys").json))
    assert f"digest {signed['digest']}" in verify(keys, signed)
    drafted = [table["code"] for table in analyst.get("/questionnaires?year=2025").json["tables"]]
    assert [table["code"] for table in signed["tables"]] == drafted
    analyst.change(draft, "write", {"language": "pt", "trade": "Dois."}, 409)
    changed = text("UPDATE annual_report SET token = 'x' WHERE number = 1")
    with transaction(operator("BRA")):
        assert db.session.execute(changed).rowcount == 0
    with transaction(operator("BRA")), pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(text("DELETE FROM annual_report"))
    second = analyst.post("/annual-reports", {"year": 2025}).json
    analyst.post("/annual-reports", {"year": 2025}, 409)
    assert (second["number"], second["numbers"]) == (2, {"stock_marked": 7})
    path = f"/annual-reports/{second['id']}"
    analyst.change(path, "write", {"language": "pt", "trade": "Dois.", "stock_marked": 8})
    changes = analyst.change(path, "sign").json["changes"]
    assert {"table": "classes", "row": "pistol", "column": "seized", "before": 2, "after": 3} in (
        changes
    )
    assert {"table": "numbers", "row": "stock_marked", "column": "", "before": 7, "after": 8} in (
        changes
    )
    assert ("words", "trade", "pt") in {(c["table"], c["row"], c["column"]) for c in changes}


def test_the_secretariat_reads_signed_reports_and_other_states_none(
    analyst, draft, secretariat, as_actor
):
    secretariat.get(draft, 404)
    assert secretariat.get("/annual-reports").json["items"] == []
    analyst.change(draft, "sign")
    assert secretariat.get(draft).json["state"] == "BRA"
    secretariat.get("/questionnaires?year=2025", 404)
    as_actor("PRY", "trace_analyst").get(draft, 404)
    secretariat.post(f"{draft}/write", {"language": "en", "trade": "X"}, 404, If_Match='"1"')
    secretariat.get(f"{draft}/texts", 404)


def test_where_the_state_asks_a_second_person_signs(analyst, draft, as_actor):
    administrator = as_actor("BRA", "state_administrator")
    administrator.post("/settings", {"second_person": ["annual_report"]}, 200, If_Match='"0"')
    refused = analyst.change(draft, "sign", expect=403).json
    assert "A second person of your state signs it." in refused["detail"]
    other = as_actor("BRA", "supervisor")
    assert other.change(draft, "sign").json["status"] == "signed"


def test_the_liaison_authority_alone_writes_where_one_is_registered(analyst, as_actor):
    administrator = as_actor("BRA", "state_administrator")
    agency = {
        "code": "BRA-LIAISON",
        "name": "Liaison",
        "kind": "police",
        "time_zone": "America/Sao_Paulo",
    }
    administrator.post("/agencies", agency)
    contact = {"kind": "liaison_authority", "agency": "BRA-LIAISON", "languages": ["pt"]}
    administrator.post("/contacts", contact | {"hours": "24h", "telephone": "+55 61 000"})
    assert "BRA-LIAISON" in analyst.post("/annual-reports", {"year": 2025}, 403).json["detail"]
    liaison = as_actor("BRA", "trace_analyst", agency="LIAISON")
    liaison.post("/annual-reports", {"year": 2025})


def verify(keys, report):
    """Return what the command says of a report as it was downloaded."""
    path = keys.with_name("report.json")
    path.write_text(json.dumps(report))
    command = ["annual-report", "verify", "--keys", str(keys), str(path)]
    return CliRunner().invoke(main, command).output


def test_the_report_of_all_states_is_of_a_release_and_its_paper_is_verified_offline(
    secretariat, as_actor, app, tmp_path
):
    secretariat.post("/annual-reports", {"year": 2025}, 409)
    secretariat.post("/annual-reports", {"year": 2026}, 422)
    pistols = SEIZURES.fact("BRA", ("seized", "firearm", "pistol"), date(2025, 3, 3))
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts({pistols: 9})
    secretariat.post("/releases", {"year": 2025})
    jobs.run_due(app, "releases")
    path = f"/annual-reports/{secretariat.post('/annual-reports', {'year': 2025}).json['id']}"
    police = as_actor("PRY", "police_officer")
    police.get(path, 404)
    secretariat.change(path, "write", {"language": "en", "seizures": "Nine pistols."})
    signed = secretariat.change(path, "sign").json
    assert (signed["state"], police.get(path).json["words"]) == (
        None,
        {"seizures": {"en": "Nine pistols."}},
    )
    for language in ("en", "es", "fr", "pt"):
        assert police.get(f"{path}/paper?language={language}").data.startswith(b"%PDF")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(police.get("/signing-keys").json))
    ran = CliRunner().invoke(main, ["verify", "--keys", str(keys), signed["token"]])
    assert ran.exit_code == 0 and "annual_report 2025-1 of ---" in ran.output
    assert "Report 2025-1 of --- is as it was signed" in verify(keys, signed)
    signed["words"]["seizures"]["en"] = "Ten pistols."
    assert "it was altered" in verify(keys, signed)
    officer = as_actor("PRY", "licensing_officer")
    verdict = officer.post("/papers/verify", {"token": signed["token"]}, 200).json
    assert (verdict["verdict"], verdict["paper"], verdict["status"]) == (
        "valid",
        "current",
        "signed",
    )
