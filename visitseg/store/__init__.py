"""The store of models: numbered versions, the one that scores, and the gate before it."""
