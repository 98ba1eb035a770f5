"""Figures as SDMX 3.0: structures and data for the programs of statistics offices."""
