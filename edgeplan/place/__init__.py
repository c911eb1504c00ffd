"""Which unit runs which op."""
