"""Figures of the own state and of others: tables, mirror, yearly releases."""

from api.web.pages.statistics import annual_reports, figure_table, figures, mirror, releases

__all__ = ["annual_reports", "figure_table", "figures", "mirror", "releases"]
