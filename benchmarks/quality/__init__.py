"""How well segments are found: planted families, what users would pick instead, and the ceiling."""
