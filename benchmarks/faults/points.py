"""Faults at the n-th statement of a process; only the benchmark of faults loads this.

`FaultPlan.hooked` makes a folder for PYTHONPATH. A process that starts with it counts down at each
statement, before each commit and after it; at zero the armed fault happens. Processes share the
count.
"""

import mmap
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import Pool

PLAN_VARIABLE: Final = "SALSA_FAULT_PLAN"
HOOK: Final = "from benchmarks.faults import points\n\npoints.count_statements()\n"
COMMIT: Final = "COMMIT"
WRITES_REFUSED: Final = 5
"""Statements that a full disk lasts."""
ROLES: Final = ("worker", "serve")
ROLE, LEFT, FAULT = range(3)


def _kill_process(_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_all(connection: extensions.connection) -> None:
    """Kill database, server and worker at once; children of the server end with it."""
    _kill_database(connection)
    if "SALSA_SERVED_BY" in os.environ:
        os.kill(int(os.environ["SALSA_SERVED_BY"]), signal.SIGKILL)
    _kill_process(connection)


def _kill_database(connection: extensions.connection) -> None:
    stat = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
    os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)


def _kill_session(connection: extensions.connection) -> None:
    """Kill one session: the database ends all others, and recovers."""
    os.kill(connection.info.backend_pid, signal.SIGKILL)


def _lose_connection(connection: extensions.connection) -> None:
    os.kill(connection.info.backend_pid, signal.SIGTERM)


def _lose_commit(connection: extensions.connection) -> None:
    """Commit, and lose the connection before the answer."""
    connection.cursor().execute(COMMIT)
    _lose_connection(connection)


def _refuse_write(_: Any) -> None:
    raise OperationalError(
        "INSERT", {}, Exception("could not extend file: No space left on device")
    )


FAULTS: Final[dict[str, Callable[[Any], None]]] = {
    "process killed": _kill_process,
    "all killed": _kill_all,
    "database killed": _kill_database,
    "commit unanswered": _lose_commit,
    "disk full": _refuse_write,
    "session killed": _kill_session,
    "connection lost": _lose_connection,
}


class FaultPlan:
    """The armed fault, in a file that processes share: role, statements left, fault."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(24))
        with path.open("r+b") as file:
            self._values = memoryview(mmap.mmap(file.fileno(), 24)).cast("q")

    def arm(self, fault: str, role: str, at: int) -> None:
        """Let a fault happen at the `at`-th statement from now of processes of a role."""
        self._values[ROLE], self._values[FAULT] = ROLES.index(role), list(FAULTS).index(fault)
        self._values[LEFT] = at

    def disarm(self) -> bool:
        """Let nothing more happen; returns whether the fault has happened."""
        has_happened = self._values[LEFT] <= 0
        self._values[LEFT] = -WRITES_REFUSED
        return has_happened

    def hooked(self, environment: dict[str, str]) -> dict[str, str]:
        """Return an environment whose processes count their statements."""
        folder = self.path.with_suffix(".hook")
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(HOOK)
        root = Path(__file__).parents[2]
        return environment | {
            "PYTHONPATH": f"{folder}{os.pathsep}{root}",
            PLAN_VARIABLE: str(self.path),
        }

    def pass_point(self, connection: extensions.connection, statement: str) -> None:
        """Count one point, and let the armed fault happen if it is its turn."""
        values, name = self._values, list(FAULTS)[self._values[FAULT]]
        role = ROLES.index("worker" if "worker" in sys.orig_argv else "serve")
        is_counted = statement == COMMIT or name != "commit unanswered"
        if values[LEFT] <= -WRITES_REFUSED or values[ROLE] != role or not is_counted:
            return
        values[LEFT] -= 1
        is_write = statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
        if values[LEFT] <= 0 and is_write if name == "disk full" else values[LEFT] == 0:
            FAULTS[name](connection)


def count_statements() -> None:
    """Count statements, commits and ends of transactions of this process."""
    plan = FaultPlan(Path(os.environ[PLAN_VARIABLE]))

    def before_statement(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        plan.pass_point(cursor.connection, statement)

    def before_commit(connection: Any) -> None:
        plan.pass_point(connection.connection.dbapi_connection, COMMIT)

    def after_transaction(connection: extensions.connection | None, _: Any) -> None:
        if connection is not None and not connection.closed:
            plan.pass_point(connection, "")

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    event.listen(Pool, "checkin", after_transaction)
