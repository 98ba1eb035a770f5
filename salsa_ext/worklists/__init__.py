"""What waits for a person: open notifications, look-up by number or serial."""
