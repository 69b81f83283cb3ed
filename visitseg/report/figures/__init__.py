"""What the report draws of a run: data, finding in one sentence, chart."""
