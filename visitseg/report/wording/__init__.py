"""How things are written: numbers, days, features in their units, conditions in plain words."""
