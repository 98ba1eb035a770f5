"""Signed papers: permits and certificates as verifiable codes."""
