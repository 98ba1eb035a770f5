"""Pages for everybody who signs in: home, notifications, verification."""

from api.web.pages.account import (
    design,
    home,
    notifications,
    paper_verification,
    participation,
    post_agencies,
    second_factor,
    signin,
)

__all__ = [
    "design",
    "home",
    "notifications",
    "paper_verification",
    "participation",
    "post_agencies",
    "second_factor",
    "signin",
]
