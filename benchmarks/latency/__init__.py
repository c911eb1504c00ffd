"""Fits the speeds of units to published latencies, and tells how well they hold on models they were not fitted on."""
