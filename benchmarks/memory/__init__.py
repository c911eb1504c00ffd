"""How near the memory plans come to what runtimes really take."""
