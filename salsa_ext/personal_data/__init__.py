"""Requests of persons about their data, its erasure and retention."""
