"""What was acknowledged has its proof: the states' sealed logs, verified as an auditor does."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from flask import Flask

from benchmarks.faults.acts import OFFICERS
from salsa_ext.access.rules import operator
from salsa_ext.access.signing import key_set
from salsa_ext.core.log_verifier import NotProven, read_note, root_by_proof, verify_bundle
from salsa_ext.database.session import transaction
from salsa_ext.sealed_log import sealing

STATES: Final = sorted({officer[:3] for officer in OFFICERS})


def unproven(app: Flask, acknowledged: Mapping[str, str]) -> list[str]:
    """Verify each log offline, and in it each acknowledged write; return what is wrong.

    `acknowledged` has requests in words, by the id that their entries have.
    """
    broken: list[str] = []
    left = dict(acknowledged)
    for state in STATES:
        with app.app_context(), transaction(operator(state)), NamedTemporaryFile() as file:
            keys = {key["kid"]: key for key in key_set()["keys"]}
            sealing.write_bundle(operator(state), file)
            file.flush()
            try:
                verify_bundle(Path(file.name), keys)
                for entry in _entries(Path(file.name)):
                    if entry["request_id"] in left:
                        _verify_place(state, entry["id"], keys)
                        del left[entry["request_id"]]
            except NotProven as error:
                broken.append(f"The log of {state} is proven: {error}")
    return broken + [f"What was acknowledged has its proof: {each}" for each in left.values()]


def _entries(bundle: Path) -> Iterator[Mapping[str, Any]]:
    with zipfile.ZipFile(bundle) as files, files.open("entries.jsonl") as lines:
        for line in lines:
            if entry := json.loads(line):
                yield json.loads(entry["text"])


def _verify_place(state: str, entry_id: Any, keys: Mapping[str, Mapping[str, Any]]) -> None:
    proof = sealing.prove_entry(operator(state), entry_id)
    _, size, root = read_note(proof.checkpoint, keys)
    if root_by_proof(proof.leaf, proof.position, size, proof.hashes) != root:
        raise NotProven(f"the proof of entry {proof.position} leads to another root")
