"""Where visits lie: axes in fixed log units, spikes, and the sample that is searched."""
