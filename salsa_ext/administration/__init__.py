"""A state looks after its installation: accounts, agencies, settings, attachments, schema."""
