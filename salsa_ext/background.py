"""All background jobs, in the order in which a round runs them."""

from typing import Final

from salsa_ext.checks import jobs as check_jobs
from salsa_ext.jobs.runner import Job
from salsa_ext.matches import jobs as match_jobs

JOBS: Final[tuple[Job, ...]] = (*match_jobs.JOBS, *check_jobs.JOBS)
"""Tables of the subjects, joined: what waits for a person comes first."""
