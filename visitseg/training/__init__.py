"""Visit table → a model, and the files of a run folder that speak for it."""
