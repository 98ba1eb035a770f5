"""Row-level security settings of a connection, sent with its next statement.

Answering other states changes the acting state a dozen times in a transaction; a statement of its
own for each change would cost a round trip. The pending setting belongs to one connection and one
transaction.
"""

import re
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, Engine, event

NO_STATE: Final = "---"

_STATE_CODE: Final = re.compile(r"[A-Z]{3}|---")
_AGENCY_CODE: Final = re.compile(r"[\w.-]*", re.ASCII)
_PENDING: Final[WeakKeyDictionary[Connection, str]] = WeakKeyDictionary()
SINGLE_STATEMENTS: Final = "single_statements"
"""Execution option of an engine whose texts are one statement each: all but migrations."""
_STREAMING: Final[WeakSet[Connection]] = WeakSet()
"""Connections with an open server-side cursor; settings are sent at once there."""


def set_row_security(connection: Connection, state: str | None, agency: str | None) -> None:
    """Set a connection's acting state and agency, sent with its next statement.

    State None sees no rows of any state. Raises AssertionError for malformed codes, since they
    become part of SQL text.
    """
    code, agency_code = state or NO_STATE, agency or ""
    if not (_STATE_CODE.fullmatch(code) and _AGENCY_CODE.fullmatch(agency_code)):
        raise AssertionError("not the code of a state or an agency")
    _PENDING[connection] = f"CALL salsa_act_as('{code}', '{agency_code}')"
    if connection in _STREAMING:
        send_pending(connection)


def join(statements: Sequence[str]) -> str:
    """Return statements as one text for the driver, which would run what is stacked in one.

    Texts of ours hold no semicolon, and values are no part of them. Raises AssertionError.
    """
    for statement in statements:
        if ";" in statement:
            raise AssertionError("a statement with a semicolon may be an injection")
    return "; ".join(statements)


def execute(connection: Connection, cursor: Any, statement: str, values: Any) -> None:
    """Execute what `join` returned with the pending settings, in one round trip."""
    unsaid = _PENDING.get(connection)
    cursor.execute(f"{unsaid}; {statement}" if unsaid else statement, values)
    _PENDING.pop(
        connection, None
    )  # only now: a setting that never reached the database is still to be sent


def send_pending(connection: Connection) -> None:
    """Send pending settings now, when the next statement cannot carry them."""
    if connection in _PENDING:
        execute(connection, connection.connection.cursor(), "SELECT", ())


@event.listens_for(Engine, "do_execute")
def _send_with_statement(cursor: Any, statement: str, values: Any, context: Any) -> bool:
    """Send pending settings with a statement; True if executed. Savepoints need none."""
    if SINGLE_STATEMENTS in context.execution_options:
        join((statement,))
    connection = context.root_connection
    if cursor.name:  # a server-side cursor allows one statement only
        send_pending(connection)
        _STREAMING.add(connection)
        return False
    if connection not in _PENDING or statement.startswith("RELEASE SAVEPOINT"):
        return False
    if statement.startswith("ROLLBACK TO SAVEPOINT"):
        del _PENDING[connection]
        return False
    execute(connection, cursor, statement, values)
    return True


@event.listens_for(Engine, "do_executemany")
def _send_before_many(_: Any, statement: str, __: Any, context: Any) -> bool:
    if SINGLE_STATEMENTS in context.execution_options:
        join((statement,))
    send_pending(context.root_connection)
    return False
