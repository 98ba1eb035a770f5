"""How much some tests do: enough to find what breaks in the usual run, and all of it in the long one."""

from __future__ import annotations

import os
from typing import Final, TypeVar

Size = TypeVar("Size")
IS_LONG: Final = bool(os.environ.get("SALSA_LONG"))


def sized(usual: Size, long: Size) -> Size:
    """Return the size of the run that this is; `make long` sets SALSA_LONG."""
    return long if IS_LONG else usual
