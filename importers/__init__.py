"""Files into records: what each source's rows mean, and one pipeline that takes them."""
