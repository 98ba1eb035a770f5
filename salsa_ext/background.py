"""All background jobs, in the order in which a round runs them."""

from typing import Final

import salsa_ext.administration.jobs
import salsa_ext.alerts.jobs
import salsa_ext.boards.jobs
import salsa_ext.exchange.jobs
import salsa_ext.statistics.jobs
import salsa_ext.tracing.requests.jobs
import salsa_ext.tracing.traces.jobs
import salsa_ext.trade.jobs
from salsa_ext.jobs.runner import Job

JOBS: Final[tuple[Job, ...]] = (
    *salsa_ext.exchange.jobs.JOBS,
    *salsa_ext.tracing.requests.jobs.JOBS,
    *salsa_ext.tracing.traces.jobs.JOBS,
    *salsa_ext.alerts.jobs.JOBS,
    *salsa_ext.trade.jobs.JOBS,
    *salsa_ext.boards.jobs.JOBS,
    *salsa_ext.statistics.jobs.JOBS,
    *salsa_ext.administration.jobs.JOBS,
)
"""What a person waits for comes first; boards show what the jobs before them did."""
