"""Pages about a gun, for officers and analysts: a check of its serial, its matches, its history."""

from api.web.guns import checks, histories, matches
from api.web.guns.blueprint import blueprint

__all__ = ["blueprint", "checks", "histories", "matches"]
