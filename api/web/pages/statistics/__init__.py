"""Figures of the own state and of others: tables, mirror, yearly releases."""

from api.web.pages.statistics import figures, mirror, releases

__all__ = ["figures", "mirror", "releases"]
