"""Verify a bundle of a state's sealed log, offline: this file and public keys are enough.

    python log_verifier.py bundle.zip keys.json [BRA-rows.jsonl.gz] [older checkpoints …]

A bundle holds `checkpoint`, a signed note (C2SP) of the state, the number of leaves and their root;
`leaves`, 32 bytes each, in order; `entries.jsonl`, a line for each leaf: its salt and the text that
was hashed, or null where it was erased or is withheld. `keys.json` is that of `salsa signing-key
get`, from another source than the bundle. Shown are: each entry is as it was written, none is
missing, added or moved, and checkpoints of before are beginnings of this log; with the file of
`salsa audit compare --export` also that rows are as the acts of the entries wrote them. Not shown: that an
entry is true, and what was written in the second before a crash.
"""

import base64
import gzip
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ORIGIN: Final = "salsa-ext/"
HASH_SIZE: Final = 32
STEP: Final = 4_096
"""Leaves that are read at once."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


class NotProven(Exception):
    """The bundle does not show what it should."""


@dataclass(frozen=True)
class Result:
    """What was verified: entries read, those without a text, and rows that acts wrote."""

    state: str
    size: int
    entries: int
    without_text: int
    older: int
    rows: int


def hash_leaf(salt: bytes, text: str) -> bytes:
    """Return the hash of an entry: 0x00 comes first, as RFC 6962 has it."""
    return hashlib.sha256(b"\x00" + salt + text.encode()).digest()


def hash_rows(salt: bytes, text: str) -> str:
    """Return the hash of rows that an act wrote, as its entry holds it."""
    return base64.b64encode(hashlib.sha256(b"\x02" + salt + text.encode()).digest()).decode()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def add_leaf(
    peaks: list[bytes], size: int, leaf: bytes, store: Callable[[int, bytes], Any] | None = None
) -> int:
    """Add a leaf to `peaks`, the roots of the whole subtrees of `size` leaves; return the new size.

    `store(height, root)` gets the root of each subtree of 2^height leaves that becomes whole.
    """
    root, height = leaf, 0
    while size >> height & 1:
        root, height = hash_node(peaks.pop(), root), height + 1
        if store:
            store(height, root)
    peaks.append(root)
    return size + 1


def root_of(peaks: Sequence[bytes]) -> bytes:
    """Return the root of a tree by the roots of its whole subtrees."""
    if not peaks:
        return EMPTY_ROOT
    *others, root = peaks
    for peak in reversed(others):
        root = hash_node(peak, root)
    return root


def root_by_proof(leaf: bytes, position: int, size: int, proof: Iterable[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2); raises NotProven."""
    node, last, root = position, size - 1, leaf
    if not 0 <= position < size:
        raise NotProven("the position is outside of the log")
    for sibling in proof:
        if last == 0:
            raise NotProven("the proof is too long")
        if node & 1 or node == last:
            root = hash_node(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = hash_node(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotProven("the proof is too short")
    return root


def key_hash(kid: str, public: bytes) -> bytes:
    """Return the first four bytes that name an Ed25519 key in a signed note."""
    return hashlib.sha256(kid.encode() + b"\n\x01" + public).digest()[:4]


def write_note(
    state: str, size: int, root: bytes, kid: str, public: bytes, sign: Callable[[bytes], bytes]
) -> str:
    """Return a signed checkpoint."""
    text = f"{ORIGIN}{state}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = base64.b64encode(key_hash(kid, public) + sign(text.encode())).decode()
    return f"{text}\n— {kid} {signature}\n"


def read_note(note: str, keys: Mapping[str, Mapping[str, Any]]) -> tuple[str, int, bytes]:
    """Return state, size and root of a checkpoint; raises NotProven unless its state signed it."""
    try:
        text, signed = note.strip().split("\n\n")
        origin, number, root = text.split("\n")
        sign, kid, signature = signed.strip().split(" ")
        raw, state, size = base64.b64decode(signature), origin.removeprefix(ORIGIN), int(number)
        root_hash = base64.b64decode(root)
    except ValueError:
        raise NotProven("a checkpoint is not written as one") from None
    key = keys.get(kid)
    if sign != "—" or key is None or key["state"] != state:
        raise NotProven(f"a checkpoint of {state} is signed by {kid}, which is no known key of it")
    public = base64.urlsafe_b64decode(key["x"] + "=")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
    except InvalidSignature:
        raise NotProven(f"the signature of the checkpoint of {size} entries is wrong") from None
    return state, size, root_hash


def verify_bundle(
    bundle: Path,
    keys: Mapping[str, Mapping[str, Any]],
    older: Sequence[str] = (),
    rows: Path | None = None,
) -> Result:
    """Verify a bundle, checkpoints of before and rows; raises NotProven with what is wrong."""
    try:
        return _verify(bundle, keys, older, rows)
    except NotProven:
        raise
    except Exception as error:  # whatever a damaged file leads to
        raise NotProven(f"a file is damaged: {error}") from None


def _verify(
    bundle: Path, keys: Mapping[str, Mapping[str, Any]], older: Sequence[str], rows: Path | None
) -> Result:
    with zipfile.ZipFile(bundle) as files:
        note = files.read("checkpoint").decode()
        state, size, root = read_note(note, keys)
        if keys[note.split(" ")[-2]].get("compromised_at"):
            raise NotProven("the checkpoint is signed by a key that was reported stolen")
        if files.getinfo("leaves").file_size != size * HASH_SIZE:
            raise NotProven(f"the checkpoint is of {size} leaves, the bundle has others")
        expected = {size: root}
        for note in older:
            its_state, its_size, its_root = read_note(note, keys)
            if its_state != state:
                raise NotProven(f"a checkpoint is of {its_state}, the bundle of {state}")
            if its_size > size:
                raise NotProven(f"entries {size} to {its_size - 1} are missing: the log went back")
            if expected.setdefault(its_size, its_root) != its_root:
                raise NotProven(f"two logs of {its_size} entries were signed")
        without, proven = 0, Rows(rows)
        with files.open("leaves") as leaves, files.open("entries.jsonl") as lines:
            for count, leaf in enumerate(_verified_leaves(leaves, size, expected)):
                line = lines.readline()
                if not line:
                    raise NotProven(f"{size} entries were sealed, the bundle has {count}")
                entry = json.loads(line)
                if entry is None:
                    without += 1
                elif hash_leaf(bytes.fromhex(entry["salt"]), entry["text"]) != leaf:
                    raise NotProven(f"entry {count} is not the one that was sealed")
                proven.verify(count, entry)
            if lines.readline():
                raise NotProven(f"{size} entries were sealed, the bundle has more")
    return Result(state, size, size - without, without, len(older), proven.finish())


class Rows:
    """The file of rows: a line for each entry, a text for each hash in the order of their keys.

    Null for a row of a person, false for one that a later act changed.
    """

    def __init__(self, path: Path | None) -> None:
        self.lines = gzip.open(path, "rt") if path else None  # noqa: SIM115 - until `finish`
        self.count = 0
        self.changed: set[str] = set()

    def verify(self, number: int, entry: Mapping[str, str] | None) -> None:
        """Verify the rows that an entry names; raises NotProven."""
        if self.lines is None:
            return
        line = self.lines.readline()
        if not line:
            raise NotProven(f"the file of rows ends before entry {number}")
        texts = json.loads(line)
        if entry is None:
            return
        hashes = json.loads(entry["text"])["data"].get("written", {})
        if len(texts or ()) != len(hashes):
            raise NotProven(f"the file of rows has no rows of entry {number}")
        for (key, its_hash), text in zip(sorted(hashes.items()), texts or (), strict=True):
            if text is False:
                self.changed.add(key)
                continue
            if text is not None and hash_rows(bytes.fromhex(entry["salt"]), text) != its_hash:
                raise NotProven(f"{key} is not as entry {number} wrote it")
            if text is None and not key.startswith("party/"):
                raise NotProven(f"{key} is gone, which entry {number} wrote")
            self.count += text is not None
            self.changed.discard(key)

    def finish(self) -> int:
        """Return how many rows were verified; raises NotProven for one that is nowhere."""
        if self.changed:
            raise NotProven(f"{min(self.changed)} is not as any entry wrote it")
        if self.lines:
            self.lines.close()
        return self.count


def _verified_leaves(file: IO[bytes], size: int, expected: Mapping[int, bytes]) -> Iterator[bytes]:
    """Yield the leaves, few in memory; raises NotProven where their root is not as expected."""
    peaks: list[bytes] = []
    count = 0
    while block := file.read(HASH_SIZE * STEP):
        for at in range(0, len(block), HASH_SIZE):
            if count in expected and root_of(peaks) != expected[count]:
                raise NotProven(f"the first {count} leaves are others than those of a checkpoint")
            leaf = block[at : at + HASH_SIZE]
            count = add_leaf(peaks, count, leaf)
            yield leaf
    if count != size or root_of(peaks) != expected[size]:
        raise NotProven("the leaves are others than those of the checkpoint")


def load_keys(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read the public keys of states, by their id."""
    return {key["kid"]: key for key in json.loads(path.read_text())["keys"]}


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]]
    try:
        rows = next((path for path in paths[2:] if path.suffix == ".gz"), None)
        notes = [path.read_text() for path in paths[2:] if path != rows]
        sys.stdout.write(f"{verify_bundle(paths[0], load_keys(paths[1]), notes, rows)}\n")
    except NotProven as error:
        sys.exit(f"NOT PROVEN: {error}")
