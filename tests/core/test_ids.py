"""Identity keys: UUIDs of version 7 that grow with time."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from salsa_ext.core.ids import new_id

ROUND = 5_000


def test_an_id_is_a_uuid_of_version_7():
    made = new_id()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_an_id_begins_with_the_milliseconds_of_its_making():
    before = time.time_ns() // 1_000_000
    assert before <= new_id().int >> 80 <= before + 1_000


def test_ids_grow_even_within_one_millisecond():
    made = [new_id() for _ in range(ROUND)]
    assert made == sorted(made)
    assert len({identity.int >> 80 for identity in made}) < ROUND


def test_ids_sort_as_text_as_they_do_as_numbers():
    made = [new_id() for _ in range(ROUND)]
    assert sorted(map(str, made)) == list(map(str, made))


def test_ids_of_many_threads_differ():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(ROUND)))
    assert len(set(made)) == ROUND


def test_ids_grow_while_the_clock_goes_back(monkeypatch):
    first = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id() > first


def test_ids_of_two_processes_at_one_moment_differ():
    program = "from salsa_ext.core.ids import new_id; print(new_id())"
    run = [subprocess.check_output([sys.executable, "-c", program]) for _ in range(2)]
    assert run[0] != run[1]
