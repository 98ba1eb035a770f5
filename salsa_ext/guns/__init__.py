"""Guns: the records of one gun, found when they are read; there is no table of guns."""
