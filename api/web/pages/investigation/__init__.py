"""Pages of police and analysts: seizures, reports, checks, matches, alerts, leads."""

from api.web.pages.investigation import (
    alerts,
    audit,
    checks,
    foreign_records,
    hits,
    leads,
    matches,
    reports,
    seizures,
)

__all__ = [
    "alerts",
    "audit",
    "checks",
    "foreign_records",
    "hits",
    "leads",
    "matches",
    "reports",
    "seizures",
]
