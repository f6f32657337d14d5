from pathlib import Path

import pytest

from benchmarks.faults.disk.platter import ROOT_NUMBER, Naming, Platter, PlatterError


def test_names_and_contents_are_there_when_it_is_opened_again(tmp_path: Path) -> None:
    platter = Platter(tmp_path)
    platter.write_names([Naming(ROOT_NUMBER, "a", 2, 0o100600), Naming(ROOT_NUMBER, "b", 3, 0o100600)])
    platter.write_names([Naming(ROOT_NUMBER, "b", 0)])
    platter.write_content(2, 6, [(0, b"he"), (4, b"lo")])
    again = Platter(tmp_path)
    assert again.tree == {ROOT_NUMBER: {"a": 2}}
    assert again.content(2) == b"he\0\0lo"
    assert (again.size(2), again.size(9), again.content(9)) == (6, 0, b"")
    assert again.highest == 2


def test_a_content_without_a_name_is_gone_when_it_is_opened_again(tmp_path: Path) -> None:
    platter = Platter(tmp_path)
    platter.write_content(5, 1, [(0, b"x")])
    again = Platter(tmp_path)
    assert again.content(5) == b""


def test_a_broken_log_of_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "names.log").write_bytes(b'[1, "a", 2, 33152]\n[1, "b')
    with pytest.raises(PlatterError, match=r"names\.log"):
        Platter(tmp_path)
