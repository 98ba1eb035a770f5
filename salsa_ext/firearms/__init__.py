"""Records of guns and their marks: reading, index, search through damage."""
