"""Alerts on wanted guns, and hits: alerts that match what another state records or checks."""
