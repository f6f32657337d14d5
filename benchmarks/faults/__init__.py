"""The real fault run (故障演练): real processes, broker and files, faults of each kind, a count of what was lost."""


class FaultRunError(Exception):
    """The run cannot be done here, or went wrong itself; that is no verdict about what it tests."""
