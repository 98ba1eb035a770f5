"""Budgets of look-ups, canary serials, and samples that a supervisor reviews."""
