"""Pages for everybody who signs in: home, notifications, verification."""
