"""All background jobs, in the order in which a round runs them."""

from typing import Final

from salsa_ext.jobs.runner import Job

JOBS: Final[tuple[Job, ...]] = ()
"""Tables of the subjects, joined: what waits for a person comes first."""
