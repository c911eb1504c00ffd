"""What `edgeplan split` is measured by: halves beside the whole, published splits, link traces."""
