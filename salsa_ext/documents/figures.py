"""Figures of the records of reports and transfers."""

from salsa_ext.documents.models import Report, Transfer
from salsa_ext.firearms.records.frequencies import count_documents
from salsa_ext.statistics.dataset_types import CountedKind

COUNTED = (
    CountedKind("report", Report, count_documents),
    CountedKind("transfer", Transfer, count_documents),
)
