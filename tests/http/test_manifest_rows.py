"""Rows of a manifest that are large, by right or not, are held a few at a time."""

import io
import json
import tracemalloc
from contextlib import contextmanager

import pytest

from api.http import row_files
from api.schemas.trade.shipments import ShippedItemRequest
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid
from tests.support.manifests import CSV, NDJSON, objects
from tests.support.sizes import sized

COUNT = sized(700, 1_500)


@pytest.mark.parametrize(
    "row,kind,path",
    [
        ('{"a": [' + "{}," * 21_000 + "{}]}\n", NDJSON, "manifest.1.a"),
        ('{"marks": [' + "{}," * 21_000 + "{}]}\n", NDJSON, "manifest.1.marks"),
        ("{" + ",".join(f'"k{n}":1' for n in range(6_000)) + "}\n", NDJSON, "manifest.1.k"),
        ('"ab","ab\n",', CSV, "manifest.2"),
        ("ab," * 20_000 + "\n", CSV, "manifest.2"),
        ('1,"SN1\n' + "\n" * 1_000, CSV, "manifest.2"),
    ],
    ids=["objects", "marks", "fields", "quoted lines", "cells", "an open quote"],
)
def test_rows_that_are_made_to_be_large_are_refused_in_little_memory(row, kind, path):
    head = "line,serial\n" if kind == CSV else ""
    assert next(iter(refused((head + row * (4 * MIB // len(row))).encode(), kind))).startswith(path)


def test_large_rows_that_are_right_are_held_a_few_at_a_time():
    marks = [{"kind": "proof", "text": "P" * 100}] * 50
    manifest = objects({"serial": "SN1", "marks": marks}).encode() * COUNT
    with little_memory():
        lines = [line for line, _ in load_rows(manifest, NDJSON).numbered()]
    assert lines == list(range(1, COUNT + 1))


def test_of_a_row_with_thousands_of_wrong_fields_twenty_are_named():
    assert len(refused(json.dumps({f"k{n}": 1 for n in range(3_000)}).encode(), NDJSON)) == 20


def refused(manifest, kind):
    """Return what is wrong with a manifest; asserts that little is held while it is found."""
    with little_memory(), pytest.raises(Invalid) as found:
        load_rows(manifest, kind)
    return found.value.errors


def load_rows(manifest, kind):
    return row_files.load_manifest(io.BytesIO(manifest), kind, ShippedItemRequest())


@contextmanager
def little_memory():
    """Assert that no more is held at once than a few large rows need, beside what was there."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 6 * MIB
    finally:
        tracemalloc.stop()
