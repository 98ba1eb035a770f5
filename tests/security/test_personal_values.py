"""Planted values of persons come out in no log, audit, metric or error."""

import json
import logging

import pytest

from api.http.monitoring import JsonFormatter
from salsa_ext.documents import single_gun
from tests.support import bodies

MARKERS = {
    "name": "Planted Person",
    "address": "Calle Planted 7",
    "contact": "planted@example.org",
    "identification": "PLANTED-ID-1",
    "licence": "PLANTED-LIC-2",
}
SERIAL = "PLANTED88231"


def planted(**changes):
    person = {"kind": "individual", "country": "PRY"} | MARKERS
    firearm = bodies.firearm(serial=SERIAL)
    return bodies.transfer(to=person, **{"from": person}, firearm=firearm, licence="PLANTED-3") | (
        changes
    )


@pytest.fixture
def lines():
    """What the service's log says, as it is written."""
    written = []

    class Keep(logging.Handler):
        def emit(self, record):
            written.append(JsonFormatter().format(record))

    logger, handler = logging.getLogger("salsa"), Keep()
    level, _ = logger.level, logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def used(lines, pry, police):
    """Record, refuse, search and break with planted values; returns every error's text."""
    pry.post("/transfers", planted(number="PLANTED-N"))
    refused = [
        pry.post("/transfers", planted(number="PLANTED-N"), 409),
        pry.post("/transfers", planted(occurred_on="PLANTED"), 422),
        pry.post("/transfers", planted(kind="PLANTED"), 422),
        pry.post("/transfers", planted(planted="PLANTED") | {"visibility": "PLANTED"}, 422),
        pry.get("/transfers?kind=PLANTED", 422),
        pry.get("/shipments?cursor=PLANTED", 422),
    ]
    police.post("/checks", bodies.check(serial=SERIAL))
    police.get("/seizures?number=PLANTED")
    return [response.get_data(as_text=True) for response in refused]


def test_a_line_of_the_log_says_who_asked_what_and_how_it_went(used, lines):
    line = json.loads(lines[0])
    assert (line["method"], line["route"]) == ("POST", "/api/v1/transfers")
    assert (line["status"], line["state"], line["role"]) == (201, "PRY", "licensing_officer")


def test_no_error_repeats_a_planted_value(used):
    # The name of an unknown field and the document's number, which says where to look, are told.
    result = [text.replace('"planted":', "").replace("number PLANTED-N", "") for text in used]
    assert [text for text in result if "planted" in text.lower()] == []


def test_a_failure_inside_is_logged_by_its_place_and_not_its_text(app, lines, broken, pry):
    assert "planted" not in pry.post("/transfers", planted(), 500).get_data(as_text=True).lower()
    [line] = [json.loads(line) for line in lines if "unexpected" in line]
    assert line["error"] == "DataError"
    assert line["where"]
    assert "planted" not in json.dumps(line).lower()


@pytest.fixture
def broken(monkeypatch):
    """A defect inside: the database refuses what the service wrote, and quotes it."""
    monkeypatch.setattr(single_gun, "new_ids", lambda count: ["PLANTED-NO-ID"] * count)
