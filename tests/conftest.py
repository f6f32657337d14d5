"""For every room: hypothesis gives the same examples on every machine, and golden bytes are compared in one way."""

from collections.abc import Callable

import pytest
from hypothesis import settings

Golden = Callable[[str, bytes], bytes]


def pytest_configure(config: pytest.Config) -> None:
    # The same examples in every run: a build is never red by chance, and is quick enough to be run all the time.
    settings.register_profile("passlane", derandomize=True, deadline=None, max_examples=20, database=None)
    settings.load_profile("passlane")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return a function that compares bytes with the file golden/NAME.hex beside the test, and returns the file's."""
    folder = request.path.parent / "golden"

    def compare(name: str, encoded: bytes) -> bytes:
        file = folder / f"{name}.hex"
        if not file.exists():
            pytest.fail(
                f"{file.name} is missing. If {name} is new, keep its bytes there for ever: {encoded.hex()}\n"
                "If the file was lost, bring it back: never write it anew from what the program does today."
            )
        kept = bytes.fromhex(file.read_text(encoding="ascii"))
        if kept != encoded:
            pytest.fail(
                f"{name} is no longer written as in {file.name} (schema drift).\n  kept: {kept.hex()}\n"
                f"  now:  {encoded.hex()}\nLedgers and journals in the field hold the kept bytes, and hashes and "
                "signatures stand on them. A new field needs a default and must not be written while it has it; any "
                "other change is a new kind of fact or a new schema number. Keep the file; mend the code."
            )
        return kept

    return compare
