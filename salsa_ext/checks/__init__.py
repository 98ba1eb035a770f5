"""Checks: an officer asks all states for a mark at a road block or a border."""
