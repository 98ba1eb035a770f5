"""Firearms."""
