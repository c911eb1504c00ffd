"""Compresses models by the vendors' own tools, and says what became of them.

What a scheme costs in accuracy is measured on the weights first (`weights`, `errors`), then on the result's outputs
(`fidelity`); `mixed` keeps the layers wide that cost most.
"""
