"""All background jobs, in the order in which a round runs them."""

from typing import Final

from salsa_ext.boards import jobs as board_jobs
from salsa_ext.jobs.runner import Job

JOBS: Final[tuple[Job, ...]] = (*board_jobs.JOBS,)
"""Tables of the subjects, joined: what waits for a person comes first."""
