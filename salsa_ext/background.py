"""All background jobs, in the order in which a round runs them."""

from typing import Final

import salsa_ext.administration.jobs
import salsa_ext.alerts.jobs
import salsa_ext.boards.jobs
import salsa_ext.checks.jobs
import salsa_ext.exchange.delivery
import salsa_ext.exchange.webhooks
import salsa_ext.figures
import salsa_ext.leads.jobs
import salsa_ext.lookups.reviews
import salsa_ext.matches.jobs
import salsa_ext.personal_data.jobs
import salsa_ext.releases.jobs
import salsa_ext.sealed_log.sealing
import salsa_ext.tracing.requests.jobs
import salsa_ext.tracing.traces.jobs
import salsa_ext.trade.jobs
from salsa_ext.jobs.runner import Job

JOBS: Final[tuple[Job, ...]] = (
    *salsa_ext.exchange.delivery.JOBS,
    salsa_ext.checks.jobs.NOTIFY_OF_CHECKS,
    *salsa_ext.trade.jobs.JOBS,
    salsa_ext.matches.jobs.MATCH_CRIME,
    *salsa_ext.tracing.requests.jobs.JOBS,
    *salsa_ext.tracing.traces.jobs.JOBS,
    *salsa_ext.alerts.jobs.JOBS,
    *salsa_ext.boards.jobs.JOBS,
    salsa_ext.figures.JOB,
    *salsa_ext.sealed_log.sealing.JOBS,
    *salsa_ext.administration.jobs.JOBS,
    *salsa_ext.lookups.reviews.JOBS,
    *salsa_ext.personal_data.jobs.JOBS,
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
