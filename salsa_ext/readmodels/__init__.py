"""Reads of every kind: paged lists, boards, figures; nothing here changes anything."""
