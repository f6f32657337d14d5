"""Standing at the hub: what a case counts as (`observing`), who may decide what (`acts`), the digests (`digests`).

Decides only; the desk of standing acts.
"""
