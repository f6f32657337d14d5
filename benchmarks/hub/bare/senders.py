"""The load process of the bare limit sealed beforehand: the same batches, sent in the same window, from memory.

python -m benchmarks.hub.bare.senders --port 1883 --password PASSWORD --inspections 200 --batch-facts 30 bare-1 bare-2
"""

import argparse
import time
from collections import deque
from math import inf

from benchmarks.hub.bare.terms import bench_key, receipted
from benchmarks.hub.inprocess import announced_photos, now_ms
from benchmarks.hub.inspections import Chain, batches
from benchmarks.hub.processes import BenchmarkError, say, wait_for_word
from benchmarks.hub.threadless import Fleet, ThreadlessLink, taken
from edge_agent.courier import Pace
from edge_agent.sending.events import Arrived
from edge_agent.sending.link import Broker
from inspection.wire import seal_batch

WINDOW = Pace(
    batch_facts_max=1, batch_bytes_max=1, resend_seconds_min=1.0, resend_seconds_max=1.0
).batches_in_flight_max
"""Batches on their way without a receipt: as many as the courier of a device has."""
SECONDS_MAX = 60.0


class Sender:
    """One device: its messages, its window, its link."""

    def __init__(self, device: str, broker: Broker, inspections: int, *, batch_facts: int) -> None:
        chain, photos, key = Chain(device), announced_photos(), bench_key(device)
        records = [record for number in range(inspections) for record in chain.inspect(number, photos)]
        self._waiting = deque(
            (batch[-1].entry.seq, seal_batch(batch, sent=now_ms(), key=key)) for batch in batches(records, batch_facts)
        )
        self._flying: deque[int] = deque()
        self.link = ThreadlessLink(broker, device)
        self.due = inf

    @property
    def done(self) -> bool:
        """Whether there is a receipt for everything."""
        return not self._waiting and not self._flying

    def step(self) -> None:
        """Take the receipts and send what the window has room for; sending begins with the connection."""
        for event in taken(self.link):
            last = receipted(event.payload) if isinstance(event, Arrived) else 0
            while self._flying and self._flying[0] <= last:
                self._flying.popleft()
        while self._waiting and len(self._flying) < WINDOW:
            last, message = self._waiting.popleft()
            self._flying.append(last)
            self.link.publish("facts", message)


def send(fleet: Fleet[Sender]) -> None:
    """Send everything; raises BenchmarkError when the receipts do not come."""
    until = time.monotonic() + SECONDS_MAX
    fleet.start()
    while not all(sender.done for sender in fleet.peers):
        fleet.turn(1.0)
        if time.monotonic() > until:
            raise BenchmarkError("the bare hub sent no receipt")


def main() -> None:
    """Seal, say ready, wait for the word, send, say when it began and ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devices", nargs="+")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--inspections", type=int, required=True, help="of each device")
    parser.add_argument("--batch-facts", type=int, required=True)
    options = parser.parse_args()
    senders = []
    for device in options.devices:
        broker = Broker(host="127.0.0.1", port=options.port, user=device, password=options.password)
        senders.append(Sender(device, broker, options.inspections, batch_facts=options.batch_facts))
    fleet = Fleet(senders)
    say(ready=len(senders))
    wait_for_word()
    begun, before = time.monotonic(), time.process_time()
    send(fleet)
    ended, processor = time.monotonic(), time.process_time() - before
    say(begun=begun, ended=ended, inspections=options.inspections * len(senders), processor=processor)
    fleet.stop()


if __name__ == "__main__":
    main()
