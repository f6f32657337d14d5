from typing import get_args

from inspection.facts import HUB_FACTS, AnyFact, CaseFact, DeviceFact, OfficeFact, UnknownFact


def test_every_kind_of_fact_stands_in_one_list() -> None:
    kinds = [*get_args(DeviceFact), *get_args(CaseFact), *get_args(OfficeFact), UnknownFact]
    assert len(kinds) == len(set(kinds))
    assert set(get_args(AnyFact)) == set(kinds)


def test_what_devices_may_not_write_is_what_the_hub_alone_writes() -> None:
    assert set(HUB_FACTS) == {*get_args(CaseFact), *get_args(OfficeFact)}
    assert not set(HUB_FACTS) & set(get_args(DeviceFact))


def test_no_two_kinds_share_a_name_on_the_wire() -> None:
    names = [kind.__name__ for kind in get_args(AnyFact)]
    assert len(names) == len(set(names))
