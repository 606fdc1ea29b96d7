"""Force fields that are sums: a model of the difference to a baseline, and the baseline."""
