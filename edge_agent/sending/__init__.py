"""Carries facts and photos to the hub, receipts and directives back. What goes next is decided by `courier`."""
