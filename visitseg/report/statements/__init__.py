"""What the report says of a run, in words and tables."""
