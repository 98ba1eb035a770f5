"""Seizures, reports of loss and theft, and transfers, as a state records them."""
