"""Tables of measured latencies: one module a fit."""
