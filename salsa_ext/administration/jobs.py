"""Background jobs: delete stored answers that nobody asks for again."""

from datetime import timedelta
from typing import Final

from salsa_ext.core.actor import Actor
from salsa_ext.database import idempotency
from salsa_ext.jobs.runner import DueJob


def delete_answers(actor: Actor) -> int:
    """Delete the state's answers older than 30 days; return how many."""
    return idempotency.delete_expired(actor.now())


JOBS: Final = (
    DueJob("answers", timedelta(hours=1), delete_answers, repeats=False),
    DueJob("answers_of_secretariat", timedelta(hours=1), delete_answers, False, False),
)
