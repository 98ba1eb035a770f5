"""How many requests of one key or session are worked on at once."""

import threading

import pytest

from api.http.request_limits import MAX_REQUESTS_PER_SENDER, REFUSED, RequestLimiter

SLOTS = 4


class Slow:
    """An application that answers nobody until it may."""

    def __init__(self):
        self.may_answer, self.begun = threading.Event(), threading.Semaphore(0)

    def __call__(self, environ, start):
        self.begun.release()
        if REFUSED in environ:
            start("429 Too Many Requests", [])
        elif environ["HTTP_AUTHORIZATION"].endswith("slow"):
            assert self.may_answer.wait(60)
        start("200 OK", [])
        return [b"ok"]


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def ask(slow):
    """Ask with a key, and return the status."""
    limiter = RequestLimiter(slow, SLOTS)

    def get(key):
        status = []
        environ = {
            "wsgi.input": None,
            "HTTP_AUTHORIZATION": f"Bearer {key}",
            "REQUEST_METHOD": "GET",
        }
        answer = limiter(environ, lambda code, headers, *_: status.append(code[:3]))
        b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return status[0]

    return get


@pytest.fixture
def waiting(slow, ask):
    """As many slow requests of one key as it may have."""
    threads = [threading.Thread(target=ask, args=["slow"]) for _ in range(MAX_REQUESTS_PER_SENDER)]
    for thread in threads:
        thread.start()
    for _ in range(SLOTS // 2):
        assert slow.begun.acquire(timeout=60)
    yield threads
    slow.may_answer.set()
    for thread in threads:
        thread.join()


def test_slow_requests_of_one_key_leave_turns_to_others(waiting, ask):
    assert ask("other") == "200"


def test_no_more_than_so_many_of_one_key_wait(waiting, ask, slow):
    assert ask("slow") == "429"
    slow.may_answer.set()
    for thread in waiting:
        thread.join()
    assert ask("slow") == "200"
