"""Who belongs where: rules, k-means, distributions; segment, distance and margin of a visit."""
