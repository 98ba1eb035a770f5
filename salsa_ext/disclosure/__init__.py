"""What a state lets others see of its records, consents to more, and the log of it."""
