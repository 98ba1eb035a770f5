"""Figures of answers."""

from salsa_ext.core.codes import PRIORITIES
from salsa_ext.statistics.datasets import Dataset

OVERDUE = Dataset("overdue", subject="priority", subjects=lambda: PRIORITIES, readers="secretariat")
"""Answers that are late by twice their term, counted on the day of the reminder."""
