"""What is still to happen."""

from passlane.day.agenda import Agenda


def test_what_is_due_comes_in_its_order_and_once() -> None:
    agenda, done = Agenda(), list[str]()
    for at, name in ((5, "b"), (3, "a"), (5, "c"), (9, "d")):
        agenda.add(at, lambda name=name: done.append(name))  # type: ignore[misc]
    for at, piece in agenda.take(9):
        assert at < 9
        piece()
    assert done == ["a", "b", "c"]
    assert len(agenda) == 1
    assert agenda.take(9) == []
