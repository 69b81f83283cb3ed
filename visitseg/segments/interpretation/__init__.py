"""What the segments are: names, profiles, rule cards, mix over time, what other K would give."""
