"""The registry: each operation once, by its id and by its address."""

from collections import Counter

from central_hub.doors.openapi.registry import all_operations


def test_ids_and_addresses_are_unique() -> None:
    operations = all_operations()
    ids = Counter(operation.id for operation in operations)
    addresses = Counter((operation.method, operation.path) for operation in operations)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for name, count in addresses.items() if count > 1] == []
