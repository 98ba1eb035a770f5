"""Imports of files: upload, columns, meanings of texts, check, load."""

from api.web.pages.imports import columns, meanings, runs

__all__ = ["columns", "meanings", "runs"]
