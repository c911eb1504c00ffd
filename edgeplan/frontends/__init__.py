"""From a file to a graph, one format a package."""
