"""Attached files: type by content, rewritten by a process with limits (`file_cleaner_program`)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Final, NoReturn

from salsa_ext.administration import file_cleaner_program
from salsa_ext.administration.attachment_values import FileContent
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, Message, Unavailable, message

MAX_RECEIVED: Final = 20 * MIB
MAX_STORED: Final = 32 * MIB
CLEANING_SECONDS: Final = 60
WAITING_SECONDS: Final = 20
MAX_FILES: Final = 6
"""One is cleaned, the others wait for it: each has a thread of the service."""
MAX_FILES_PER_ACCOUNT: Final = 2
PDF_TYPE: Final = "application/pdf"
UNREADABLE_PDF: Final = message(
    "This PDF is packed in a way that cannot be looked into; print it to PDF once more."
)
REASONS: Final = {
    "damaged_pdf": message("This PDF is damaged or cut off."),
    "encrypted": message("This PDF is encrypted; attach it without a password."),
    "active": message(
        "This PDF holds programs, actions or other files; print it to PDF once more."
    ),
    "unreadable": UNREADABLE_PDF,
    "damaged_picture": message("This picture is damaged or cut off."),
    "pixels": message(
        "A picture has at most {count} million pixels.",
        count=file_cleaner_program.MAX_PIXELS // 1_000_000,
    ),
    "webp_pixels": message(
        "A picture has at most {count} million pixels.",
        count=file_cleaner_program.MAX_WEBP_PIXELS // 1_000_000,
    ),
}
_CLEANING: Final = BoundedSemaphore(1)
"""One file at a time for each process of the service: a picture takes up to 500 MB."""
_ACCOUNTS: Final[list[str]] = []
"""Of the files that are cleaned or wait."""
_CHANGING: Final = Lock()


def clean_file(received: bytes, account: str = "") -> FileContent:
    """Return the storable form of a file; raises Invalid, or Unavailable if many wait."""
    if len(received) > MAX_RECEIVED:
        _refuse(message("A file has at most {count} MiB.", count=MAX_RECEIVED // MIB))
    is_pdf = received.startswith(b"%PDF-")
    if not is_pdf and not _is_picture(received):
        _refuse(message("A file is a photograph (JPEG, PNG or WebP) or a PDF."))
    with _turn(account):
        head, _, data = _run_cleaner(received).partition(b"\n")
    described = json.loads(head or b"{}")
    if not data:  # refused, or ended by a limit
        _refuse(
            REASONS.get(
                described.get("refused"), UNREADABLE_PDF if is_pdf else REASONS["damaged_picture"]
            )
        )
    if len(data) > MAX_STORED:
        _refuse(
            message(
                "This file still has more than {count} MiB after conversion. Attach a smaller one.",
                count=MAX_STORED // MIB,
            )
        )
    return FileContent(data, described["media_type"], described["width"], described["height"])


@contextmanager
def _turn(account: str) -> Iterator[None]:
    busy = Unavailable(message("Many files are received at this moment. Try again shortly."))
    with _CHANGING:
        if len(_ACCOUNTS) >= MAX_FILES or _ACCOUNTS.count(account) >= MAX_FILES_PER_ACCOUNT:
            raise busy
        _ACCOUNTS.append(account)
    try:
        if not _CLEANING.acquire(timeout=WAITING_SECONDS):
            raise busy
        try:
            yield
        finally:
            _CLEANING.release()
    finally:
        with _CHANGING:
            _ACCOUNTS.remove(account)


def _run_cleaner(received: bytes) -> bytes:
    """Run the program without the environment of the service; b"" if it takes too long."""
    command = [sys.executable, "-I", str(Path(file_cleaner_program.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            command,
            input=received,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=CLEANING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""


def _refuse(reason: Message) -> NoReturn:
    raise Invalid({"file": [reason]})


def _is_picture(received: bytes) -> bool:
    is_webp = received[:4] == b"RIFF" and received[8:12] == b"WEBP"
    return is_webp or received.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
