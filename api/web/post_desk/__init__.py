"""The officer's desk at a border post: for one hand and one minute, and for a line that fails."""

from api.web.post_desk import (
    attaching,
    calling,
    checking,
    device,
    finding,
    home,
    looking,
    moving,
    receipts,
    seizing,
)
from api.web.post_desk.blueprint import blueprint

__all__ = ["attaching", "blueprint", "calling", "checking", "device", "finding", "home", "looking",
           "moving", "receipts", "seizing"]  # fmt: skip
