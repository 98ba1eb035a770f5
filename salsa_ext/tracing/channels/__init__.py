"""Asking states outside the service: channels, forms, answers written down."""
