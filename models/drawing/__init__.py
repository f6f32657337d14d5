"""Draws the demo photos: VINs on their surfaces, vehicles, papers. Training draws with code of its own."""
