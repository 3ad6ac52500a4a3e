"""MicroWorldBench as a metric: judges, scores, statistics and reports."""
