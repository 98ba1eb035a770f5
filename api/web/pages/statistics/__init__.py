"""Figures of the own state and of others: tables, mirror, yearly releases."""
