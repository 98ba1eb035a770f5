"""Figures of the own state and of others: tables, mirror, yearly releases."""

from api.web.pages.statistics import figure_table, figures, mirror, releases

__all__ = ["figure_table", "figures", "mirror", "releases"]
