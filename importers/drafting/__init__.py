"""Drafts of profiles for unknown files, and what a person may change in them."""
