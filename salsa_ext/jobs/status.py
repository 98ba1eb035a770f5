"""How far jobs are: what waits, since when, and what was set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from salsa_ext.database.session import execute_raw
from salsa_ext.jobs.runner import ChangeJob, Job

_DEPTHS: Final = "SELECT job, depth, oldest, set_aside FROM salsa_job_depths(%s, %s) ORDER BY job"
LATE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class JobStatus:
    """What waits for a job over all states, since when, and how many changes it set aside."""

    code: str
    depth: int
    oldest: datetime | None
    set_aside: int = 0

    def age(self, now: datetime) -> float:
        """Return for how many seconds something has waited."""
        return max((now - self.oldest).total_seconds(), 0.0) if self.oldest else 0.0

    def is_late(self, now: datetime) -> bool:
        """Return whether something waits for so long that no worker seems to run."""
        return self.age(now) > LATE_SECONDS


def read_status(jobs: Sequence[Job]) -> list[JobStatus]:
    """Return the status of numbering, of each queue, and of each job that follows changes."""
    follows = [(job.code, kind) for job in jobs if isinstance(job, ChangeJob) for kind in job.kinds]
    codes, kinds = [code for code, _ in follows], [kind for _, kind in follows]
    return [JobStatus(*row) for row in execute_raw(_DEPTHS, (codes, kinds))]
