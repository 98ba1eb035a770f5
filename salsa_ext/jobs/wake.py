"""Wake-up: NOTIFY after commits, and LISTEN, on connections outside the pool.

A notification holds nothing and only says that there is something to read. One that is lost costs at
most the poll. Inside a transaction NOTIFY would let one commit pass at a time.
"""

import logging
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg2
from sqlalchemy import make_url

from salsa_ext.database.session import AFTER_CHANGES

log = logging.getLogger("salsa.worker")
POLL_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.01
"""A process notifies others once in this time at most."""
WAITERS_PAUSE: Final = 0.02
"""Changes of this time are looked up together for all who wait."""


class SideConnection:
    """Connection in autocommit, opened when needed and again after an error."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")
        self._connection: Any = None
        self._lock = threading.Lock()

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement and return its rows; raises psycopg2.Error."""
        with self._lock:
            try:
                with self.open().cursor() as cursor:
                    cursor.execute(statement, values)
                    return list(cursor.fetchall()) if cursor.description else []
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self.close()
                raise

    def open(self) -> Any:
        """Return the driver's connection."""
        if self._connection is None:
            opened = psycopg2.connect(
                self._url.render_as_string(hide_password=False),
                connect_timeout=5,
                options=f"{self._url.query.get('options', '')} -c jit=off -c timezone=UTC"
                " -c synchronous_commit=off",
            )
            opened.autocommit = True
            self._connection = opened
        return self._connection

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        opened, self._connection = self._connection, None
        if opened is not None:
            opened.close()


class Listener:
    """Waits for notifications, each time for the poll's seconds at most."""

    def __init__(self, url: str, poll: float = POLL_SECONDS) -> None:
        self._side, self._poll = SideConnection(url), poll
        self._is_listening = False

    def wait(self) -> None:
        """Return after a notification, or after the poll; never raises for a lost database."""
        try:
            if not self._is_listening:
                self._side.execute("LISTEN salsa")
                self._is_listening = True
                return  # what came before is to be looked up now
            connection = self._side.open()
            if not connection.notifies:
                select.select([connection], [], [], self._poll)
            connection.poll()
            connection.notifies.clear()
        except (psycopg2.Error, OSError) as error:
            self.close()
            log.warning("no notifications (%s); the poll goes on", type(error).__name__)
            time.sleep(self._poll)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute a statement on this connection; raises psycopg2.Error."""
        return self._side.execute(statement)

    def close(self) -> None:
        """Close the connection."""
        self._is_listening = False
        self._side.close()


class Waker:
    """Notifies other processes after commits of this one, once in 10 ms at most."""

    def __init__(self, url: str) -> None:
        self._side, self._committed = SideConnection(url), threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Notify soon; called after each commit of changes. Starts a thread in this process."""
        if self._thread is None:  # a fork would not take it along
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._committed.set()

    def _run(self) -> None:
        while True:
            self._committed.wait()
            self._committed.clear()
            try:
                self._side.execute("NOTIFY salsa")
            except psycopg2.Error as error:
                log.warning("not notified (%s); the poll finds it", type(error).__name__)
            time.sleep(PAUSE_SECONDS)


def notify_after_commits(url: str) -> Waker:
    """Let every commit of changes in this process wake the others."""
    waker = Waker(url)
    AFTER_CHANGES.append(waker.wake)
    return waker


class Waiters:
    """Lets requests wait until the changes of their state move; one LISTEN for all of them."""

    def __init__(self, url: str) -> None:
        self._listener, self._moved = Listener(url), threading.Condition()
        self._heads: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def wait_until(self, state: str, is_done: Callable[[], bool], seconds: float) -> bool:
        """Return whether `is_done` came true in time; it is called when the state's log moved.

        It is to leave no transaction and no connection open.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        ends = time.monotonic() + seconds
        while True:
            head = self._heads.get(state)  # before the call, or a change falls between
            if is_done():
                return True
            left = ends - time.monotonic()
            if left <= 0:
                return False
            with self._moved:
                self._moved.wait_for(lambda head=head: self._heads.get(state) != head, left)  # type: ignore[misc]

    def close(self) -> None:
        """Listen no more, from the next poll on."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._listener.wait()
            try:
                rows = self._listener.execute("SELECT state, number FROM salsa_change_heads()")
            except psycopg2.Error:
                continue
            with self._moved:
                self._heads = dict(rows)
                self._moved.notify_all()
            time.sleep(WAITERS_PAUSE)
        self._listener.close()
