from edge_agent.sending.events import Arrived


def test_what_arrived_is_not_shown_where_it_is_logged() -> None:
    assert "LZZZ5ABC2RA000017" not in repr(Arrived("directive", b"LZZZ5ABC2RA000017"))
