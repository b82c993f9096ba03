"""A node at work: what its actor may do, each call a step that is found again."""
