"""Two that ask or tell the same of a gun at one moment: who comes second finds the first."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from salsa_ext.firearms.records import validation
from tests.support import bodies

CASES = [
    ("police_officer", "/reports", "check_reports", bodies.report),
    ("police_officer", "/alerts", "check_alerts", bodies.alert),
    ("trace_analyst", "/traces", "check_trace", bodies.trace),
]


@pytest.fixture
def together(monkeypatch):
    """Let both look whether there is one already before either is done, where nothing keeps them apart."""

    def wait(name):
        barrier, standing = Barrier(2, timeout=0.5), getattr(validation, name)

        def look(*content):
            found = standing(*content)
            with suppress(BrokenBarrierError):
                barrier.wait()
            return found

        monkeypatch.setattr(validation, name, look)

    return wait


@pytest.mark.parametrize(("role", "path", "look", "body"), CASES)
def test_of_two_at_once_one_is_taken_and_the_other_is_told_of_it(
    real_client, together, role, path, look, body
):
    both = [real_client("BRA", role), real_client("BRA", role)]
    together(look)

    def post(number, first):
        result = body(
            confirm_second=False, **({"number": f"R-{number}"} if path == "/reports" else {})
        )
        headers = {"Authorization": f"Bearer {first.token}"}
        return first.client.post(f"/api/v1{path}", json=result, headers=headers)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, (1, 2), both))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    [listed] = both[0].get(path).json["items"]
    [detail] = [answer.json["detail"] for answer in answers if answer.status_code == 409]
    assert listed["id"] in detail
