"""Visit table → segments: numbers only. Knows nothing of SQL, files or a warehouse."""
