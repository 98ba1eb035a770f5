"""Pages for everybody who signs in: home, notifications, verification."""

from api.web.pages.account import (
    accounts,
    agencies,
    design,
    directory,
    home,
    notifications,
    own_account,
    paper_verification,
    participation,
    post_agencies,
    second_factor,
    settings,
    signin,
    subject_requests,
    webhooks,
)

__all__ = [
    "accounts",
    "agencies",
    "design",
    "directory",
    "home",
    "notifications",
    "own_account",
    "paper_verification",
    "participation",
    "post_agencies",
    "second_factor",
    "settings",
    "signin",
    "subject_requests",
    "webhooks",
]
