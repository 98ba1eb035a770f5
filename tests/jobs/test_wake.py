"""A notification wakes who listens; one that is lost costs the poll alone."""

import threading

import pytest

from salsa_ext.jobs.wake import Listener, SideConnection, Waiters, Waker

SOON = 60
"""Seconds within which something is done that would else never be."""


@pytest.fixture
def url(fresh_database):
    return fresh_database.worker_url


def listening(url, poll):
    listener = Listener(url, poll)
    listener.wait()  # begins to listen
    return listener


def test_a_commit_wakes_who_listens(url):
    listener, waker = listening(url, poll=10 * SOON), Waker(url)
    woken = threading.Thread(target=listener.wait, daemon=True)
    woken.start()
    waker.wake()
    woken.join(SOON)
    assert not woken.is_alive()
    listener.close()
    waker._side.close()


def test_without_a_notification_the_poll_ends_the_wait(url):
    listener = listening(url, poll=0.01)
    listener.wait()
    listener.close()


def test_who_listens_outlives_a_lost_connection(url):
    listener = listening(url, poll=0.01)
    listener._side.open().close()
    listener.wait()
    listener.wait()
    assert listener.execute("SELECT 1") == [(1,)]
    listener.close()


def test_a_side_connection_opens_again_after_an_error(url):
    side = SideConnection(url)
    side.execute("SELECT 1")
    side.open().close()
    with pytest.raises(Exception, match="closed"):
        side.execute("SELECT 1")
    assert side.execute("SELECT 1") == [(1,)]
    side.close()


def test_a_request_waits_until_the_log_of_its_state_moves(fresh_database, url):
    waiters, waker = Waiters(fresh_database.database_url), Waker(url)
    side, calls = SideConnection(fresh_database.worker_url), []

    def is_done():
        calls.append(1)
        if len(calls) == 1:
            side.execute("INSERT INTO change_head VALUES ('PRY', 'trace', 7)")
            waker.wake()
        return len(calls) > 1

    assert waiters.wait_until("PRY", is_done, SOON)
    assert not waiters.wait_until("PRY", lambda: False, 0)
    side.close()
    waker._side.close()
    waiters.close()
    waiters._thread.join(SOON)
