"""Annual reports: a state's return for a year, and the hemispheric report of a release."""
