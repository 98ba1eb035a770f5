"""Releases: a year's figures, frozen, signed and safe to publish."""
