"""Background job: delete changes of boards that no reader continues from."""

from datetime import timedelta
from typing import Final

from salsa_ext.boards import events
from salsa_ext.core.actor import Actor
from salsa_ext.jobs.runner import DueJob


def delete_old_changes(actor: Actor) -> int:
    """Delete changes of all boards older than a day; return how many."""
    return events.delete_old_changes()


JOBS: Final = (
    DueJob("board_changes", timedelta(hours=1), delete_old_changes, by_state=False, repeats=False),
)
