"""What a network needs of a device's memory."""
