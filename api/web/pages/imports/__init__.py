"""Imports of files: upload, columns, meanings of texts, check, load."""
