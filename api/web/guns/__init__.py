"""Pages about a gun, for officers and analysts: a check of its serial, its matches, its history, a seizure."""

from api.web.guns import checks, histories, matches, seizures
from api.web.guns.blueprint import blueprint

__all__ = ["blueprint", "checks", "histories", "matches", "seizures"]
