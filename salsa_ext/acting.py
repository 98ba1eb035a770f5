"""For whom a connection acts: said to the database together with the next thing that it is asked.

Row-level security goes by it, and an answer of one state to another changes it a dozen times: alone, each
time is a round trip. What is not said yet stands with the connection of its transaction: another
connection, and what the same one asks in its next transaction, know nothing of it.
"""

from __future__ import annotations

import re
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, Engine, event

NO_STATE: Final = "---"
_STATE: Final = re.compile(r"[A-Z]{3}|---")
_AGENCY: Final = re.compile(r"[\w.-]*", re.ASCII)
_UNSAID: Final[WeakKeyDictionary[Connection, str]] = WeakKeyDictionary()
_STREAMING: Final[WeakSet[Connection]] = WeakSet()
"""Connections on which rows may come out of the database yet, by who acts at that moment: told at once."""


def act_for(connection: Connection, state: str | None, agency: str | None) -> None:
    """Let a connection act for a state from here on, less what is kept from the agency of it.

    None for a state is nobody. A code that is not written as codes are is refused: it goes into the
    text of a statement.
    """
    code, kept_from = state or NO_STATE, agency or ""
    if not (_STATE.fullmatch(code) and _AGENCY.fullmatch(kept_from)):
        raise AssertionError("not the code of a state or an agency")
    _UNSAID[connection] = (
        f"SET LOCAL salsa.state = '{code}'; SET LOCAL salsa.unseen = '{kept_from}'"
    )
    if connection in _STREAMING:
        say(connection)


def ask(connection: Connection, cursor: Any, statement: str, values: Any) -> None:
    """Run a statement of the connection, as the one for whom it acts by now."""
    unsaid = _UNSAID.get(connection)
    cursor.execute(f"{unsaid}; {statement}" if unsaid else statement, values)
    _UNSAID.pop(connection, None)  # only now: what never reached the database is still to be said


def say(connection: Connection) -> None:
    """Tell the database by itself for whom the connection acts, where what follows cannot."""
    if connection in _UNSAID:
        ask(connection, connection.connection.cursor(), "SELECT", ())


@event.listens_for(Engine, "do_execute")
def _execute(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    """Say it with what SQLAlchemy asks; tells whether that was asked with it.

    The end of a savepoint needs nobody to act; one that is undone puts back who acted when it began.
    """
    connection = context.root_connection
    if cursor.name:  # the statement of a cursor in the database stands alone
        say(connection)
        _STREAMING.add(connection)
        return False
    if connection not in _UNSAID or statement.startswith("RELEASE SAVEPOINT"):
        return False
    if statement.startswith("ROLLBACK TO SAVEPOINT"):
        del _UNSAID[connection]
        return False
    ask(connection, cursor, statement, values)
    return True


@event.listens_for(Engine, "do_executemany")
def _execute_many(_: Any, __: str, ___: Any, context: Any) -> bool:
    say(context.root_connection)
    return False
