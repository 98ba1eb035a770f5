"""Strict fields of request schemas, with helpful messages."""
