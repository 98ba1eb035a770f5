"""Functions of higher packages that run in the transaction of a change."""

from collections.abc import Callable, Sequence
from typing import Final

from salsa_ext.core.actor import Actor
from salsa_ext.firearms.records.queries import RecordView

AFTER_CORRECTION: Final[list[Callable[[Actor, Sequence[RecordView]], None]]] = []
"""Called with the records of a corrected seizure."""
AFTER_MARK: Final[list[Callable[[Actor, RecordView], None]]] = []
"""Called with the record of a gun to which a mark was added."""
