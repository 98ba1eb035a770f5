"""Schemas of traces, requests and conversations between states."""
