"""Papers as PDF: what stands on them, in a state's language and English, and how it is laid out."""
