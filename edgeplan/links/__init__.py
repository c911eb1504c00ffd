"""The link between a device and a cloud: networks and their radios, what tensors take on it, and links over time."""
