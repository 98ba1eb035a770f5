"""Background work of look-ups: each week the samples of the week before."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from salsa_ext.jobs.runner import DueJob
from salsa_ext.lookups.reviews import sample_lookups

JOBS: Final = (DueJob("lookup_samples", timedelta(hours=1), sample_lookups, repeats=False),)
