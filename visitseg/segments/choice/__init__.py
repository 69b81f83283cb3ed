"""How many segments, and why: stability, indices, evidence for every K, the decision."""
