"""The names of the reference data, read from their files without a database."""

import csv
from functools import cache
from importlib.resources import files

from salsa_ext.matching.cartridges import Calibres
from salsa_ext.matching.makes import Makes
from salsa_ext.matching.resolver import Known, Names
from salsa_ext.services import aliases

KINDS = ("make", "calibre", "type")


@cache
def rows(name):
    path = files("salsa_ext").joinpath("reference", f"{name}.csv")
    return tuple(csv.DictReader(path.read_text("utf-8").splitlines()))


@cache
def known(kind):
    wanted = [row for row in aliases.rows(rows) if row["kind"] == kind]
    return tuple(Known(row["folded"], row["code"], row["sureness"]) for row in wanted)


@cache
def reader(kind):
    if kind == "make":
        importers = {row["code"] for row in rows("makes") if row["kind"] == "importer"}
        parents = {row["code"]: row["parent"] for row in rows("makes") if row["parent"]}
        return Makes(known(kind), importers, parents)
    return Calibres(known(kind)) if kind == "calibre" else Names(known(kind))
