"""Boards of border posts: crossings, seizures near the post, calls between both sides."""
