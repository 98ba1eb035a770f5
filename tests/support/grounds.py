"""What many tests of a file begin with: made once, and every test works on top of it.

All of it stands in one transaction that is never committed. A test begins at a savepoint, and what it
did is undone in the end; what stood before it stays, as long as the tests that follow want the same.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

import psycopg2
import pytest
from flask import Flask, g
from sqlalchemy import Connection, event
from sqlalchemy.engine import Transaction
from sqlalchemy.orm import Session, scoped_session

from salsa_ext.database import acting_state
from salsa_ext.database.session import db
from salsa_ext.firearms.records import frequencies
from salsa_ext.firearms.search import advice
from tests.support import jobs

PLAIN: Final = (str, int, float, tuple, list, dict, datetime, timedelta, type(None))
"""What is compared of what something is made of: others stand for what they do, and are the same in a file."""


def forget_shares() -> None:
    """Let nothing weigh by how common makes were in the records of another test, nor tell its coverage."""
    frequencies.clear_cache()
    advice.clear_cache()


def beginning(make: Callable[..., Any]) -> Any:
    """A fixture of which many tests of a file begin: it is made once for those that follow each other.

    Such a fixture returns what can be copied, and has no end of its own.
    """
    given = inspect.signature(make).parameters.values()

    @wraps(make)
    def fixture(grounds: Grounds, session: None, **options: Any) -> Any:
        return grounds.of(make, **options)

    wanted = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("grounds", "session")
    ]
    fixture.__signature__ = inspect.Signature([*wanted, *given])  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


@dataclass(frozen=True)
class Ground:
    """Something that was made, where it began, and what it gave."""

    made_by: tuple[Callable[..., Any], dict[str, Any]]
    began: Transaction
    given: Any


class Grounds:
    """The one transaction of a worker's tests, and what stands in it: each ground upon the one before."""

    def __init__(self, app: Flask) -> None:
        self._app, self._standing, self.is_making = app, list[Ground](), False
        self._connection: Connection | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._chosen, self._own = 0, None

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Give an application context whose every commit is undone in the end."""
        with self._app.app_context():
            real, db.session = db.session, scoped_session(self._session)  # type: ignore[assignment]
            try:
                yield
            finally:
                db.session.remove()
                db.session = real
                if self._own is not None:
                    self._own.rollback()
                self._begin_anew()

    def of(self, make: Callable[..., Any], **options: Any) -> Any:
        """Return a copy of what `make` gives, made by the first of the tests in a row that want it.

        It follows from the grounds below it and from plain `options`. What is asked for when a test has
        begun to do something is made for this test alone.
        """
        if self._own is not None or self.is_making:
            return make(**options)
        plain = {name: each for name, each in options.items() if isinstance(each, PLAIN)}
        made_by = (make, deepcopy(plain))
        there = self._standing[self._chosen : self._chosen + 1]
        if not there or there[0].made_by != made_by:
            self._make(made_by, lambda: make(**options))
        self._chosen += 1
        return deepcopy(self._standing[self._chosen - 1].given)

    def _make(
        self, made_by: tuple[Callable[..., Any], dict[str, Any]], make: Callable[[], Any]
    ) -> None:
        began, self.is_making = self._begin(), True
        try:
            given = make()
            jobs.finish_waiting(self._app)
        except BaseException:
            db.session.remove()
            began.rollback()
            raise
        finally:
            self.is_making = False
            db.session.remove()
            vars(g).clear()
            forget_shares()
        self._standing.append(Ground(made_by, began, given))

    def _session(self) -> Session:
        if not self.is_making and self._own is None:
            self._own = self._begin()
        return Session(bind=self._connection, join_transaction_mode="create_savepoint")

    def _begin(self) -> Transaction:
        """Undo what stands above the chosen grounds, and begin something there."""
        self._leave(self._chosen)
        if self._connection is None:
            self._connection = db.engine.connect()
        if self._standing:
            return self._connection.begin_nested()
        return self._connection.begin()

    def _leave(self, many: int) -> None:
        while len(self._standing) > many:
            self._standing.pop().began.rollback()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        """Keep what stands for the next test of the file alone, and only where it wants something."""
        try:
            return (yield)
        finally:
            wanted = nextitem is not None and "grounds" in getattr(nextitem, "fixturenames", ())
            if not wanted or nextitem.path != item.path:
                self.leave()

    def leave(self) -> None:
        """Undo all that stands, and give the connection back."""
        self._leave(0)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class RealGrounds(Grounds):
    """The same on a cluster, whose nodes know one role in a transaction: each commit is real."""

    def __init__(self, app: Flask, renew: Callable[[], Callable[[], None]]) -> None:
        """`renew` makes the database, and returns what gives it the same rows again."""
        super().__init__(app)
        self._renew = renew
        self._restore = renew()
        self._has_begun = False

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Give an application context, after which its database is as before, or made again.

        What a test reads itself it reads as who acted last, as in the one transaction.
        """
        last: dict[str, tuple[str | None, str | None]] = {}
        act = acting_state.set_row_security

        def note(connection: Connection, state: str | None, agency: str | None) -> None:
            last["acted"] = state, agency
            self._has_begun |= not self.is_making
            act(connection, state, agency)

        def resume(_: Session, __: Any, connection: Connection) -> None:
            if "acted" in last:
                act(connection, *last["acted"])

        with self._app.app_context(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(acting_state, "set_row_security", note)
            event.listen(Session, "after_begin", resume)
            try:
                yield
            finally:
                event.remove(Session, "after_begin", resume)
                db.session.remove()
                self._has_begun = False
                try:
                    self._restore()
                except psycopg2.Error:  # somebody still holds a row, or a table was changed
                    db.engine.dispose()
                    self._restore = self._renew()
                self._app.extensions.pop("idle after", None)
                self._app.extensions["live"].clear()

    def of(self, make: Callable[..., Any], **options: Any) -> Any:
        """Return what `make` gives, made for this test."""
        if self._has_begun or self.is_making:
            return make(**options)
        self.is_making = True
        try:
            given = make(**options)
            jobs.finish_waiting(self._app)
        finally:
            self.is_making = False
        forget_shares()
        return given
