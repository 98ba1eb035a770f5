"""What a document says: values that are parsed at the edge and never change."""
