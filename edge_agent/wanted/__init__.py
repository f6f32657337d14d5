"""What the hub wants of a device and of its station: duties, and stickers that are valid no more."""
