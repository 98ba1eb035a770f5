"""Where databases of tests are kept: they are made and dropped hundreds of times, and nobody keeps them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")
ROOM: Final = 4 * 2**30
"""Bytes; what all servers of a run need together is a quarter of it."""


def _is_roomy(folder: Path) -> bool:
    """Tell whether there is room in a folder, for data and for programs that are copied there."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


QUICK: Final = MEMORY if _is_roomy(MEMORY) else Path("/var/tmp")
"""In memory, where that is large: to copy a database of hundreds of files costs a disk much more."""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, as the server's own OS user has to; pytest's are private."""
    path = Path(tempfile.mkdtemp(prefix="salsa-test-", dir=QUICK))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
