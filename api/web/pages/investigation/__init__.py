"""Pages of police and analysts: seizures, reports, checks, matches, alerts, leads."""

from api.web.pages.investigation import (
    alerts,
    audit,
    checks,
    hits,
    leads,
    matches,
    purposes,
    reports,
    seizures,
)

__all__ = [
    "alerts",
    "audit",
    "checks",
    "hits",
    "leads",
    "matches",
    "purposes",
    "reports",
    "seizures",
]
