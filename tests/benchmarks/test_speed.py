"""Each benchmark of speed runs on few rows, and compares what really is the same."""

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, func, make_url, select, text

from api.app import create_app
from api.schemas.imports import read_imported
from benchmarks import figures as figure_benchmark
from benchmarks import imports, marks, replayed_statements, seizures, traces, trade_data
from benchmarks.boards import border_data, cost
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import db, transaction
from salsa_ext.documents.models import Seizure
from salsa_ext.matches.models import Match
from tests.support.jobs import jobs_to_idle


@pytest.fixture
def app(fresh_database):
    application = create_app(fresh_database)
    application.test_client_class = FlaskClient  # no jobs between a request and what is captured
    with application.app_context():
        yield application
        db.engine.dispose()


@pytest.fixture
def owner(fresh_database):
    return fresh_database.migration_url


@pytest.fixture
def twin(server, template):
    """A second database, as empty as the first."""
    name = "salsa_bench_twin"
    server.make(name, template)
    yield server.url("owner", name)
    server.drop(name)


@pytest.fixture
def filled_trade(app, owner, tmp_path):
    return trade_data.fill_trade(500, lambda rows: None, tmp_path / "trades.json", owner)


def counted(url, *tables):
    engine = create_engine(url)
    with engine.connect() as opened:
        found = [opened.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables]
    engine.dispose()
    return found


def ratios(figures):
    return {figure.name: figure.ratio for figure in figures}


def test_a_trace_through_whole_ways_is_measured_and_bare_statements_cost_less(
    app, owner, server, filled_trade, tmp_path, capsys, monkeypatch
):
    with (
        server.admin() as admin,
        admin.cursor() as cursor,
    ):  # as the owner of a bench's own server may
        cursor.execute(f'GRANT CREATE ON DATABASE "{make_url(owner).database}" TO salsa_owner')
    monkeypatch.setattr(traces, "WARM_UP_TRACES", 2)
    found = ratios(traces.run(app, filled_trade, owner, 1, 2, tmp_path / "traces.json"))
    assert found["bare SELECTs"] < found["bare SELECTs and INSERTs"] == 1.0 < found["POST /traces"]
    assert "a trace asks" in capsys.readouterr().out
    written = json.loads((tmp_path / "traces.json").read_text())
    assert [row["name"] for row in written["figures"]] == list(found)
    assert counted(owner, "record") == [500]
    # two to see that chains are whole, two before, two by the service, and two inserted barely; with
    # their answers one for the twins, two that are inserted into them, and two by the service: these
    # deliver the answers of the others, too
    assert counted(owner, "trace WHERE status = 'completed'", "trace") == [13, 13]


def test_records_that_are_kept_are_not_written_again(filled_trade, owner, tmp_path):
    assert trade_data.fill_trade(500, pytest.fail, tmp_path / "trades.json", owner) == filled_trade
    with pytest.raises(Invalid):
        trade_data.fill_trade(600, pytest.fail, tmp_path / "trades.json", owner)


def test_seizures_are_matched_with_records_behind_marks_that_are_stored(
    app, server, worker_database, tmp_path
):
    owner = server.url("owner", worker_database)
    filled = marks.fill_marks(owner, 1_000, lambda rows: None, tmp_path / "filled.json")
    found = ratios(seizures.run(app, filled.guns, 1, 4, tmp_path / "seizures.json"))
    assert found["bare INSERTs"] == 1.0 < found["POST /seizures"]
    jobs_to_idle(app)
    with transaction(operator(seizures.SEIZING_STATE)):
        # four to begin with, four by the service, and four whose rows were inserted barely
        assert db.session.scalar(select(func.count()).select_from(Seizure)) == 12
        assert db.session.scalar(select(func.count()).select_from(Match)) >= 4


def test_a_file_is_imported_and_its_rows_are_copied_into_a_twin(app, owner, twin, tmp_path, capsys):
    figures = imports.run(
        owner, twin, [20, 40], tmp_path / "imports.json", read_imported, lambda: jobs_to_idle(app)
    )
    found = ratios(figures)
    assert found["bare COPY, each row"] == 1.0 < found["import, each row"]
    tables = ("transfer", "record", "mark", "mark_key", "record_setting")
    assert counted(twin, *tables) == [60] * 5
    assert counted(owner, *tables) == [60 + imports.WARM_UP_ROWS] * 5
    assert "peak of memory" in capsys.readouterr().out


def test_captured_statements_are_rolled_back(app):
    actor = operator("BRA")
    with replayed_statements.capture_statements("BRA") as accepted, transaction(actor):
        agency = AgencyData("BRA-POLICE", "police", "Police", "UTC")
        agencies.register_missing(actor=actor, batch=[agency])
    inserted = {statement.split()[2] for _, statement, _ in accepted.inserts()}
    assert inserted == {"agency", "audit_entry", "log_new"}
    with transaction(actor):
        assert db.session.scalar(text("SELECT count(*) FROM agency")) == 0


def test_a_board_is_measured_over_a_history_that_grows_tenfold(app, owner, tmp_path, capsys):
    measured = {}
    for count in (120, 1_200):
        border_data.fill_border(count, lambda rows: None, tmp_path / "crossings.json", owner)
        measured[count] = cost.measure(app, count, 1)
    cost.write_results(measured, tmp_path / "boards.json")
    assert [figure.name for figures, _ in measured.values() for figure in figures] == [
        "SELECT 1",
        "page, 120 records",
        "interface, 120 records",
        "SELECT 1",
        "page, 1,200 records",
        "interface, 1,200 records",
    ]
    assert counted(owner, "record", "seizure", "checkpoint WHERE stage = 'entry'") == [
        1_200,
        300,
        30,
    ]
    assert "the first board of a new process over 1,200 records" in capsys.readouterr().out
    with pytest.raises(Invalid):
        border_data.fill_border(500, lambda rows: None, tmp_path / "crossings.json", owner)


def test_figures_are_measured_and_equal_a_count_of_the_same_records(app, owner, tmp_path, capsys):
    figure_benchmark.run(app, owner, 2_000, 1, tmp_path / "figures.json")
    printed = capsys.readouterr().out
    assert "Figures of 2,000 records" in printed and "service: class, by year" in printed
    assert counted(owner, "rollup WHERE dimension = 'calibre'")[0] > 1_000
