"""Pages of a border post: the officer's desk, the board, the wall."""

from api.web.pages.border import (
    board,
    desk_submission,
    home,
    offline_desk,
    seizure,
    truck,
    wall_display,
)

__all__ = ["board", "desk_submission", "home", "offline_desk", "seizure", "truck", "wall_display"]
