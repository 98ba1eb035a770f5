"""A release: frozen, signed, and without anything in it from which what is withheld follows."""

import io
import json
from collections import Counter
from datetime import date
from random import Random

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from api.cli import main
from salsa_ext.access.rules import operator, visitor
from salsa_ext.custody.figures import NOT_ESTABLISHED, SEIZURES, SILENT_SEIZURES
from salsa_ext.database.session import db, transaction
from salsa_ext.releases import protection
from salsa_ext.releases.models import ReleasedTable
from salsa_ext.releases.release_tables import TABLES_BY_CODE, published_cells
from salsa_ext.statistics import rollups
from salsa_ext.statistics.disclosure_control import find_primary, recoverable
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS
from tests.support import jobs
from tests.support.sizes import sized

STATES = ("ARG", "BOL", "BRA", "CHL", "COL", "PER", "PRY", "URY")
TYPES = {"pistol": "pistol", "revolver": "revolver", "assault_rifle": "rifle", "shotgun": "shotgun"}
PISTOL = SEIZURES.fact("BRA", ("seized", "firearm", "pistol"), date(2025, 3, 3))
AMOUNTS = (1, 1, 2, 3, 6, 20, 70)


def draw_facts(random):
    """Return what eight states counted in 2025, by lot, a few of it silent."""
    facts = Counter()
    for state in STATES:
        for _ in range(random.randint(0, 14)):
            on = date(2025, random.randint(1, 12), 3)
            kind = random.choice(list(TYPES))
            values = {
                "type": kind,
                "marking": random.choice(("intact", "altered", "obliterated")),
                "calibre": random.choice(("9x19", "38spl", "12ga")),
                "country_of_manufacture": random.choice(("BRA", "USA", "unknown")),
                "crime_context": random.choice(("drug_trafficking", "unknown")),
                "legal_ground": random.choice(("possession", "trafficking")),
                "disposition": random.choice(("none", "destroyed")),
                "established_by": random.choice((NOT_ESTABLISHED, NOT_ESTABLISHED, "trace")),
            }.items()
            subject = (random.choice(("seized", "found")), "firearm", TYPES[kind])
            dataset = random.choice((SEIZURES, SEIZURES, SEIZURES, SILENT_SEIZURES))
            facts[dataset.fact(state, subject, on, values=values)] += random.choice(AMOUNTS)
        for dataset, subject in (
            (PERMITS, ("export", random.choice(("issued", "refused")))),
            (
                TRACES,
                (
                    "USA",
                    random.choice(("unknown", "1_to_3_years")),
                    "pistol",
                    random.choice(("traced", "no_record")),
                ),
            ),
            (REQUESTS, ("ARG", "routine", random.choice(("in_time", "late")))),
        ):
            facts[dataset.fact(state, subject, date(2025, 5, 5))] += random.choice(AMOUNTS)

        fact = LICIT_TRADE.fact(
            state,
            ("shipped", random.choice(("9302", "9303")), "firearm", "pistol"),
            date(2025, 6, 1),
            "USA",
        )
        facts[fact] += random.choice(AMOUNTS)
    return facts


def add_facts(facts):
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts(facts)


def stored_tables(release):
    """Return the stored tables of a release, with what is withheld, as the worker reads them."""
    columns = (ReleasedTable.code, ReleasedTable.amounts, ReleasedTable.content)
    query = select(*columns).where(ReleasedTable.release_id == release["id"])
    with jobs.as_worker(operator("BRA")):
        return db.session.execute(query).all()


def tables_of(release):
    return {table["code"]: table for table in release["tables"]}


def problem_of(table, earlier=()):
    """Return a stored table as the attacker knows it, and what of it is withheld."""
    problem = protection.link_earlier(TABLES_BY_CODE[table.code], table.amounts, earlier)
    cells = published_cells(table.content)
    return problem, {key for key, amount in cells.items() if amount is None} | problem.withheld


def exposed_alone(problem, withheld):
    """Return what totals that are never withheld reveal, whatever else is."""
    return recoverable(problem, problem.cells.keys() - problem.known).keys() & withheld


@pytest.mark.parametrize("seed", range(sized(1, 20)))
def test_nothing_of_it_is_recovered_but_what_whole_totals_reveal_alone(make_release, seed):
    random = Random(seed)
    add_facts(draw_facts(random))
    first = {table.code: table for table in stored_tables(make_release())}
    add_facts(dict.fromkeys(random.sample(list(draw_facts(random)), 3), 3))
    unprotected = 0
    for table in stored_tables(make_release()):
        before = first[table.code]
        for each, earlier in ((before, []), (table, [(before.amounts, before.content)])):
            problem, withheld = problem_of(each, earlier)
            assert withheld >= find_primary(problem)
            assert recoverable(problem, withheld).keys() == exposed_alone(problem, withheld)
        alone, _ = problem_of(before)
        recovered = recoverable(alone, find_primary(alone)).keys()
        unprotected += len(recovered - exposed_alone(alone, recovered))
    assert unprotected, "without complementary cells some is recovered"


def test_its_figures_equal_a_plain_count_with_silent_records(make_release):
    facts = draw_facts(Random(5))
    add_facts(facts)
    tables = tables_of(make_release())
    expected, by_type = Counter(), Counter()
    for fact, amount in facts.items():
        if fact.dataset in (SEIZURES.code, SILENT_SEIZURES.code):
            *_, kind, _, name = fact.subject.split("|")
            for state in (fact.state, ""):
                expected.update({(state, f"{kind}|{name}"): amount, (state, ""): amount})
                by_type.update({(state, dict(fact.values)["type"]): amount, (state, ""): amount})
    assert +Counter(published_cells(tables["seizures"])) == expected
    shown = {key: amount for key, amount in published_cells(tables["types"]).items() if amount}
    assert shown == {key: by_type[key] for key in shown}
    assert all(amount in shown.values() for key, amount in by_type.items() if not key[1])


def test_a_state_without_figures_and_one_that_shows_no_totals_are_distinguished(
    make_release, as_actor
):
    pistols = {
        state: SEIZURES.fact(state, ("seized", "firearm", "pistol"), date(2025, 3, 3))
        for state in ("ARG", "PRY")
    }
    add_facts(dict.fromkeys(pistols.values(), 9))
    administrator = as_actor("PRY", "state_administrator")
    administrator.post("/settings", {"yearly_totals": False}, 200, If_Match='"0"')
    release = make_release()
    rows = [row["state"] for row in tables_of(release)["seizures"]["rows"]]
    assert rows == ["ARG", ""]
    coverage = release["coverage"]
    assert coverage["counted"] == coverage["incomplete"] == ["ARG"]
    assert coverage["withheld"] == ["PRY"]
    assert "BRA" in coverage["without"]


def test_it_stays_as_it_is_and_a_correction_lists_what_it_changes(make_release, secretariat):
    add_facts({PISTOL: 9})
    first = make_release(note="Without the south.")
    assert (first["number"], first["changes"], first["note"]) == (1, [], "Without the south.")
    add_facts({PISTOL: 2})
    assert secretariat.get(f"/releases/{first['id']}").json == first
    second = make_release()
    changes = [each for each in second["changes"] if each["table"] == "seizures"]
    assert second["number"] == 2
    assert {
        "table": "seizures",
        "state": "BRA",
        "column": "seized|pistol",
        "before": 9,
        "after": 11,
    } in changes
    assert {each["state"] for each in changes} == {"BRA", ""}
    assert [each["number"] for each in secretariat.get("/releases").json["items"]] == [2, 1]
    changed = text("UPDATE release SET note = 'x' WHERE id = :id").bindparams(id=first["id"])
    with transaction(visitor()), pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(changed)


def test_requests_cannot_read_what_it_withholds(make_release):
    add_facts(draw_facts(Random(1)))
    make_release()
    with transaction(operator("BRA")), pytest.raises(ProgrammingError), db.session.begin_nested():
        db.session.execute(text("SELECT amounts FROM release_table"))


def test_its_signature_is_verified_without_the_service(make_release, secretariat, tmp_path):
    add_facts({PISTOL: 9})
    release, keys = make_release(note="Ü"), secretariat.get("/signing-keys").json

    def verify(document, keys):
        paths = [tmp_path / "keys.json", tmp_path / "release.json"]
        for path, content in zip(paths, (keys, document), strict=True):
            path.write_text(json.dumps(content))
        ran = CliRunner().invoke(main, ["release", "verify", "--keys", *map(str, paths)])
        return ran.exit_code, ran.output

    code, output = verify(release, keys)
    assert code == 0 and f"is as {release['kid']} signed it: 14 tables." in output
    assert "not in the file of keys" in verify(release, {"keys": []})[1]
    stolen = [key | {"compromised_at": "2026-01-01T00:00:00Z"} for key in keys["keys"]]
    assert "was stolen before" in verify(release, {"keys": stolen})[1]
    assert "no published release" in verify({"tables": 1}, keys)[1]
    release["tables"][0]["rows"][0]["amounts"][0] += 1
    code, output = verify(release, keys)
    assert code == 1 and "was altered" in output


def test_files_have_the_figures_and_mark_what_is_withheld(make_release, secretariat):
    subject = ("seized", "firearm", "rifle")
    for name in ("assault_rifle", "carbine"):
        add_facts({SEIZURES.fact("BRA", subject, date(2025, 3, 3), values=[("type", name)]): 2})
    path = f"/releases/{make_release()['id']}"
    lines = secretariat.get(f"{path}/tables/types?format=csv").text.splitlines()
    assert lines[1:4] == ["BRA,assault_rifle,,True", "BRA,carbine,,True", "BRA,,4,False"]
    file = io.BytesIO(secretariat.get(f"{path}/workbook").data)
    book = CalamineWorkbook.from_filelike(file)
    assert book.sheet_names[:4] == ["Notes", "Coverage", "Changes", "seizures"]
    assert book.get_sheet_by_name("types").to_python()[1] == ["Brazil", *["withheld"] * 2, 4]
    secretariat.get(f"{path}/tables/nothing", 404)


def test_a_state_with_import_permits_alone_has_figures(make_release):
    add_facts({PERMITS.fact("BRA", ("import", "issued"), date(2025, 3, 3), partner="USA"): 4})
    assert make_release()["coverage"]["counted"] == ["BRA"]


def test_the_only_column_of_a_total_is_not_withheld(make_release):
    add_facts({PISTOL._replace(values=(("type", "pistol"),)): 2})
    assert tables_of(make_release())["types"]["rows"][0]["amounts"] == [2, 2]


def test_the_secretariat_alone_makes_one_and_all_read_it_once_it_is_published(
    secretariat, as_actor, app
):
    police = as_actor("BRA", "police_officer")
    police.post("/releases", {"year": 2025}, 403)
    secretariat.post("/releases", {"year": 2026}, 422)
    made = secretariat.post("/releases", {"year": 2025}).json
    secretariat.post("/releases", {"year": 2024}, 409)
    police.get(f"/releases/{made['id']}", 404)
    jobs.run_due(app, "releases")
    assert police.get(f"/releases/{made['id']}").json["status"] == "published"
    assert secretariat.get("/releases?year=2024").json["items"] == []


def test_a_preview_is_published_as_it_was_seen_unless_another_came_before(
    secretariat, as_actor, app, make_release
):
    add_facts({PISTOL: 9})
    body = {"year": 2025, "is_preview": True}
    first = secretariat.post("/releases", body).json
    secretariat.post(f"/releases/{first['id']}/publish", None, 409)
    jobs.run_due(app, "releases")
    visible = secretariat.get(f"/releases/{first['id']}").json
    assert (visible["status"], visible["number"], visible["signature"]) == ("ready", 1, None)
    police = as_actor("BRA", "police_officer")
    police.get(f"/releases/{first['id']}", 404)
    second = secretariat.post("/releases", body).json
    jobs.run_due(app, "releases")
    add_facts({PISTOL: 2})
    secretariat.post(f"/releases/{first['id']}/publish", None, 200)
    jobs.run_due(app, "releases")
    published = police.get(f"/releases/{first['id']}").json
    assert (published["tables"], published["status"]) == (visible["tables"], "published")
    secretariat.post(f"/releases/{second['id']}/publish", None, 409)
    assert make_release()["number"] == 2


def test_one_that_cannot_be_made_has_failed(secretariat, app, monkeypatch):
    add_facts({PISTOL: 9})
    monkeypatch.setattr(protection, "publish", lambda table: 1 / 0)
    made = secretariat.post("/releases", {"year": 2025}).json
    jobs.run_due(app, "releases")
    assert secretariat.get(f"/releases/{made['id']}").json["status"] == "failed"
