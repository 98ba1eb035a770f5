"""Counts of the secretariat: the engine; datasets are declared in `figures` of each subject."""
