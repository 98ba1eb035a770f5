"""All background jobs, in the order in which a round runs them."""

from datetime import timedelta
from typing import Final

import salsa_ext.alerts.jobs
import salsa_ext.boards.jobs
import salsa_ext.checks.jobs
import salsa_ext.exchange.processing
import salsa_ext.exchange.webhooks
import salsa_ext.figures
import salsa_ext.leads.jobs
import salsa_ext.lookups.reviews
import salsa_ext.matches.jobs
import salsa_ext.personal_data.erasure
import salsa_ext.releases.jobs
import salsa_ext.sealed_log.sealing
import salsa_ext.tracing.requests.jobs
import salsa_ext.tracing.traces.jobs
import salsa_ext.trade.jobs
from salsa_ext.core.actor import Actor
from salsa_ext.database import idempotency
from salsa_ext.jobs.runner import DueJob, Job


def _delete_answers(actor: Actor) -> int:
    """Delete the state's stored answers older than 30 days; return how many."""
    return idempotency.delete_expired(actor.now())


JOBS: Final[tuple[Job, ...]] = (
    *salsa_ext.exchange.processing.JOBS,
    salsa_ext.checks.jobs.NOTIFY_OF_CHECKS,
    *salsa_ext.trade.jobs.JOBS,
    salsa_ext.matches.jobs.MATCH_CRIME,
    *salsa_ext.tracing.requests.jobs.JOBS,
    *salsa_ext.tracing.traces.jobs.JOBS,
    *salsa_ext.alerts.jobs.JOBS,
    *salsa_ext.boards.jobs.JOBS,
    salsa_ext.figures.JOB,
    *salsa_ext.sealed_log.sealing.JOBS,
    DueJob("answers", timedelta(hours=1), _delete_answers, repeats=False),
    DueJob("answers_of_secretariat", timedelta(hours=1), _delete_answers, False, False),
    *salsa_ext.lookups.reviews.JOBS,
    *salsa_ext.personal_data.erasure.JOBS,
    *salsa_ext.releases.jobs.JOBS,
    *salsa_ext.leads.jobs.JOBS,
    salsa_ext.tracing.traces.jobs.CORRECTED_ANSWERS,
    salsa_ext.checks.jobs.NOTIFY_OF_TRACES,
    *salsa_ext.exchange.webhooks.JOBS,
    salsa_ext.matches.jobs.MATCH_TRADE,
)
"""What a person waits for comes first, what a large file leaves behind last.

Each round begins with the first; boards show what the jobs before them did.
"""
