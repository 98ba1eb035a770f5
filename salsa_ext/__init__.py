"""The domain: permits, marks, matching, traces, disclosure."""
