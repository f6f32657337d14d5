"""Pages about standing: how stations stand and why, the digests, tip-offs."""
