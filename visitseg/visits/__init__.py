"""Raw export → visit table, by SQL in the warehouse. Knows nothing of segments."""
