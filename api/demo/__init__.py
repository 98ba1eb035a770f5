"""The demo region: fictitious records in published proportions, made by the service's commands."""
