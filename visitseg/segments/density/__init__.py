"""Is there more than one kind? A fine mixture, merged until density valleys part every pair."""
