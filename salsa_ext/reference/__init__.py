"""Names that all states share: states, makes, models, calibres, posts, agencies."""
