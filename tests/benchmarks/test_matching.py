"""Registers whose truth is known are recorded, matched and judged."""

import json

import pytest

from api.app import create_app
from benchmarks import gun_registers, matching
from tests.support.jobs import jobs_to_idle


@pytest.fixture
def app(fresh_database):
    application = create_app(fresh_database)
    with application.app_context():
        yield application


def test_proposals_of_registers_are_judged_by_their_truth(app, fresh_database, tmp_path, capsys):
    owner, path = fresh_database.migration_url, tmp_path / "registers.json"
    [measured] = matching.run(owner, lambda: jobs_to_idle(app), 150, 3, path)
    assert json.loads(path.read_text())[0]["true_pairs"] == measured.true_pairs > 20
    assert "strong_precision" in capsys.readouterr().out
    assert measured.proposed_recall > 0.8
    assert measured.strong_precision > 0.95
    assert measured.false_per_gun <= 0.1
    missed = round(measured.true_pairs * (1 - measured.proposed_recall))
    assert sum(measured.missed_by_cause.values()) == missed


def test_the_truth_of_a_register_has_each_case(app):
    readings = gun_registers.make_readings(2_000, 5)
    assert {each.event for each in readings} == {"seized", "theft", "domestic_sale", "state_issue"}
    assert {each.how for each in readings} >= {"clean", "words", "prefix", "substitution"}
    assert sum(each.is_handed_in for each in readings) > 20
    assert readings == gun_registers.make_readings(2_000, 5)
