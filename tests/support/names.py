"""The names of the reference data, read from their files without a database."""

from functools import cache

from salsa_ext.reference.name_matching import KnownName
from salsa_ext.reference.packaged import alias_rows, packaged_index, read_csv

KINDS = ("make", "calibre", "type")
reader = packaged_index


@cache
def rows(name):
    return tuple(read_csv(name))


@cache
def known(kind):
    wanted = [row for row in alias_rows(rows) if row["kind"] == kind]
    return tuple(KnownName(row["folded"], row["code"], row["confidence"]) for row in wanted)
