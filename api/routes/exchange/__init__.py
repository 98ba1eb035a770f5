"""Routes for other systems: the feed of changes, webhooks."""
