"""Work in a process beside this one, over database connections of its own."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from salsa_ext.database.session import db

Result = TypeVar("Result")
FORK: Final = multiprocessing.get_context("fork")


@contextmanager
def run_beside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Run `work` in a forked process during the block; gives a function that waits for its result.

    An error of the process is raised by that function. The process ends with the block.
    """
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_run, args=(work, there), daemon=True)
    with warnings.catch_warnings():
        # other threads only wait, for the database server to end and for requests
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()

    def wait() -> Result:
        result, error = here.recv()
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    try:
        yield wait
    finally:
        here.close()
        process.terminate()
        process.join()


def _run(work: Callable[[], object], result: Any) -> None:
    """Send the result of the work, or its error; the parent's connections are left alone."""
    db.session.remove()
    db.engine.dispose(close=False)
    try:
        result.send((work(), None))
    except BaseException as error:
        result.send((None, error))
    db.engine.dispose()
