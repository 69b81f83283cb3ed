"""A frozen model → labels, what is told of them, and what other systems take."""
