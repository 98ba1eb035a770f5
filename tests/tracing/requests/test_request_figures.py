"""Figures of requests: each once, by its answer now."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from salsa_ext import figures
from salsa_ext.access.rules import operator
from salsa_ext.statistics import rollups
from salsa_ext.tracing.requests.figures import answer_of
from tests.conftest import NOW
from tests.support import bodies, jobs
from tests.support.requests import answer


@pytest.mark.parametrize(
    "status,days,expected",
    [
        ("sent", None, "waiting"),
        ("deferred", None, "overdue"),
        ("clarification", 0, "waiting"),
        ("no_record", 0, "in_time"),
        ("forwarded", 0, "in_time"),
        ("partial", 1, "late"),
        ("refused", 1, "refused"),
        ("withdrawn", None, "withdrawn"),
    ],
)
def test_an_answer_is_in_time_up_to_its_term(status, days, expected):
    at = None if days is None else NOW + timedelta(days=days)
    reminded = 100 if expected == "overdue" else 80
    request = SimpleNamespace(status=status, answered_at=at, due_at=NOW, reminded_percent=reminded)
    assert answer_of(request) == expected


def counted(client):
    query = "/statistics/requests?state=PRY&by=answer,priority,asking&grain=year"
    cells = client.get(query).json["cells"]
    return {tuple(cell["values"].values()): cell["amount"] for cell in cells}


def test_requests_count_by_what_the_asked_state_and_the_asking_one_did(
    analyst, pry_analyst, trace, record, act
):
    other = analyst.post("/traces", bodies.trace(case_number="C-2", priority="priority")).json
    assert counted(pry_analyst) == {
        ("waiting", "routine", "BRA"): 1,
        ("waiting", "priority", "BRA"): 1,
    }
    act("answer", answer(records=[record]))
    tag = analyst.get(f"/traces/{other['id']}").headers["ETag"]
    analyst.post(f"/traces/{other['id']}/withdraw", None, 200, If_Match=tag)
    assert counted(pry_analyst) == {
        ("in_time", "routine", "BRA"): 1,
        ("withdrawn", "priority", "BRA"): 1,
    }
    with jobs.as_worker(actor := operator("PRY")):
        corrected = rollups.recount(
            actor=actor, kinds=figures.COUNTED_KINDS, datasets=figures.COUNTED_DATASETS
        )
    assert not +corrected
