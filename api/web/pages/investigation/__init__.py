"""Pages of police and analysts: seizures, reports, checks, matches, alerts, leads."""

from api.web.pages.investigation import (
    alert_hits,
    alerts,
    audit,
    checks,
    examinations,
    guns,
    leads,
    lookups,
    loss_and_theft_reports,
    matches,
    seizures,
)

__all__ = [
    "alert_hits",
    "alerts",
    "audit",
    "checks",
    "examinations",
    "guns",
    "leads",
    "lookups",
    "loss_and_theft_reports",
    "matches",
    "seizures",
]
