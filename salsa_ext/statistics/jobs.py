"""Background job: fold the deltas of figures into their sums."""

from datetime import timedelta
from typing import Final

from salsa_ext.core.actor import Actor
from salsa_ext.jobs.runner import DueJob
from salsa_ext.statistics import rollups


def fold_deltas(actor: Actor) -> int:
    """Fold some deltas of all states; return how many."""
    return rollups.fold_deltas()


JOBS: Final = (DueJob("figures", timedelta(seconds=5), fold_deltas, by_state=False),)
