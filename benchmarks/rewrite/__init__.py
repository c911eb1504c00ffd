"""What `edgeplan rewrite` is measured by: as a simplifier beside others, and by the findings it cures."""
