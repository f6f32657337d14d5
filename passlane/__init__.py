"""The console command: reads what a person asks for and wires the rooms together. Nothing imports it."""


class UsageError(Exception):
    """A mistake in what was asked for: said in one plain line, exit status 2."""
