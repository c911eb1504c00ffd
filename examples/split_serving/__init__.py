"""A split model in service: the device runs the first part and asks a server for the rest, or runs it all."""
