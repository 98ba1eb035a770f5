"""Pages about a gun: a check of its serial, its matches, its history, seizures and reports of it."""

from api.web.guns import checks, correcting, histories, matches, reports, seizures
from api.web.guns.blueprint import blueprint

__all__ = ["blueprint", "checks", "correcting", "histories", "matches", "reports", "seizures"]
