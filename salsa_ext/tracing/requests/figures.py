"""Counts of requests that a state did not answer in time."""

from salsa_ext.statistics.dataset_types import Dataset, Dimension, Published

OVERDUE = Dataset(
    "overdue",
    base=(Dimension("priority", "priority"),),
    published=Published("priority"),
    readers="secretariat",
)
"""Requests unanswered after twice their term, counted on the day of the reminder."""
