"""Papers as PDF: content in a state's language and English, and layout."""
