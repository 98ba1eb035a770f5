"""Pages for everybody who signs in: home, notifications, verification."""

from api.web.pages.account import home, notifications, post_agencies, signin, verification

__all__ = ["home", "notifications", "post_agencies", "signin", "verification"]
