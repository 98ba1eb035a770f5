"""The names of the reference data, read from their files without a database."""

import csv
from functools import cache
from importlib.resources import files

from salsa_ext.reference import loading
from salsa_ext.reference.calibres import CalibreIndex
from salsa_ext.reference.makes import MakeIndex
from salsa_ext.reference.name_matching import KnownName, NameIndex

KINDS = ("make", "calibre", "type")


@cache
def rows(name):
    path = files("salsa_ext").joinpath("reference", "data", f"{name}.csv")
    return tuple(csv.DictReader(path.read_text("utf-8").splitlines()))


@cache
def known(kind):
    wanted = [row for row in loading.alias_rows(rows) if row["kind"] == kind]
    return tuple(KnownName(row["folded"], row["code"], row["confidence"]) for row in wanted)


@cache
def reader(kind):
    if kind == "make":
        importers = {row["code"] for row in rows("makes") if row["kind"] == "importer"}
        parents = {row["code"]: row["parent"] for row in rows("makes") if row["parent"]}
        return MakeIndex(known(kind), importers, parents)
    return CalibreIndex(known(kind)) if kind == "calibre" else NameIndex(known(kind))
