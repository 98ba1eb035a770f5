"""What became of seized guns: hand-overs, dispositions, and their established origin."""
