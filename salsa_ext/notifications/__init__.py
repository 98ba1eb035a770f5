"""Notifications to the roles of a state: rules by code, inbox, notices."""
