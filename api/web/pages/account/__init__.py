"""Pages for everybody who signs in: home, notifications, verification."""

from api.web.pages.account import (
    blank_forms,
    home,
    notifications,
    post_assignment,
    signin,
    verification,
)

__all__ = ["blank_forms", "home", "notifications", "post_assignment", "signin", "verification"]
