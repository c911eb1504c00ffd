"""Where to cut a model between a device and a cloud: costs, constraints, the least cut, and what a link does to it."""
