"""What a few states set otherwise than by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from salsa_ext.values.settings import SettingsChange

# Chile offers copies to Peru, which has not agreed yet.
SETTINGS: Final[Mapping[str, SettingsChange]] = {
    "ARG": SettingsChange(electronic_copies_with=("BRA", "URY")),
    "BRA": SettingsChange(electronic_copies_with=("ARG", "PRY")),
    "CHL": SettingsChange(counterpart_days=45, electronic_copies_with=("PER",)),
    "COL": SettingsChange(counterpart_days=60),
    "PER": SettingsChange(overdue_hours=48),
    "PRY": SettingsChange(electronic_copies_with=("BRA",)),
    "URY": SettingsChange(overdue_hours=12, electronic_copies_with=("ARG",)),
}  # fmt: skip
