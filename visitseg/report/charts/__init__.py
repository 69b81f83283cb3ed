"""Charts: records in, an Altair chart out; know nothing of a run."""
