"""Pages about a gun, for officers and analysts: a check of its serial, its matches, its history, a seizure."""

from api.web.guns import checks, correcting, histories, matches, seizures
from api.web.guns.blueprint import blueprint

__all__ = ["blueprint", "checks", "correcting", "histories", "matches", "seizures"]
