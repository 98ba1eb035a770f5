"""Traces of guns that a register has, and of guns that none has: nobody is named who had no part."""

from collections import Counter

import pytest
from flask import current_app

from api.app import create_app
from benchmarks import outcomes
from tests.support.sizes import sized

GUNS, TRACES, QUERIES = sized((2_000, 300, 150), (100_000, 300, 3_000))


@pytest.fixture(scope="module")
def register(server, template, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with server.copied(template, home) as config, create_app(config).app_context():
        yield outcomes.record_register(config.migration_url, GUNS)


@pytest.fixture(scope="module")
def traced(register):
    found = outcomes.draw_found(register.guns, TRACES)
    return outcomes.trace(found, outcomes.ASKING, current_app.config["VAULT"])


def test_no_absent_gun_gets_a_holder_or_counts(traced):
    absent = [outcome for outcome in traced if outcome.found.sale is None]
    assert len(absent) == TRACES
    results = [outcome.result for outcome in absent if outcome.result]
    assert not any(each.last_lawful or each.chain or each.time_to_crime for each in results)
    assert {each.outcome for each in results}.isdisjoint({"traced", "partly"})


def test_present_guns_are_traced_where_their_serial_was_read_or_nearly(traced):
    kinds = {reading: Counter(kinds) for reading, kinds in outcomes.count(traced).items()}
    each = TRACES // len(outcomes.PRESENT)
    assert kinds["clean"]["right"] >= 0.97 * each
    damaged = kinds["confusable"]["right"] + kinds["one unread"]["right"]
    assert damaged >= sized(0.9, 0.85) * 2 * each
    # a character that was left out without a sign fits too many: a person compares
    assert kinds["deletion"] == {"pending": each}


def test_nobody_is_named_but_the_buyer_of_the_gun(traced):
    assert [outcome for outcome in traced if outcome.kind == "false"] == []


def test_what_is_called_strong_is_right(register):
    found = outcomes.draw_found(register.guns, QUERIES, 5)
    table = outcomes.calibrate(register, found)
    assert {*table} == {"same", "confusable", "unread", "all"}
    assert table["all"].right / table["all"].strong >= 0.995
    assert min(row.interval[0] for row in table.values()) >= sized(0.89, 0.993)
