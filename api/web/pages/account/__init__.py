"""Pages for everybody who signs in: home, notifications, verification."""

from api.web.pages.account import (
    home,
    notifications,
    paper_verification,
    participation,
    post_agencies,
    signin,
)

__all__ = [
    "home",
    "notifications",
    "paper_verification",
    "participation",
    "post_agencies",
    "signin",
]
