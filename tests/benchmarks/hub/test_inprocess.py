from pathlib import Path

from benchmarks.hub.inprocess import InProcess, Sender, announced_photos
from benchmarks.hub.profiling import TimedDatabase, carry, messages


def test_each_inspection_that_is_carried_has_its_sticker(tmp_path: Path) -> None:
    hub = InProcess(tmp_path, durable=False, wrapped=TimedDatabase)
    senders = [Sender("bench-1"), Sender("bench-2")]
    hub.begin(senders)
    hub.store_photos(senders[0], announced_photos())
    carry(hub, messages(senders, 6), 4)
    counts = hub.counts()
    assert (counts["stickers"], counts["directives"], counts["refusals"]) == (6, 6, 0)
    assert hub.size == counts["entries"] >= 6 * 39
    assert hub.database.shares(6)[0]["us an inspection"] > 0
    hub.close()
