"""Schemas of figures, releases and annual reports."""
