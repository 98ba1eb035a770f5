"""Pages of a border post: the officer's desk and the board."""

from api.web.pages.border import (
    board,
    calls,
    check,
    current_post,
    desk_submission,
    device,
    home,
    live_updates,
    photo_uploads,
    seizure,
    seizure_receipts,
    truck,
    truck_search,
    truck_warnings,
    walls,
)

__all__ = [
    "board",
    "calls",
    "check",
    "current_post",
    "desk_submission",
    "device",
    "home",
    "live_updates",
    "photo_uploads",
    "seizure",
    "seizure_receipts",
    "truck",
    "truck_search",
    "truck_warnings",
    "walls",
]
