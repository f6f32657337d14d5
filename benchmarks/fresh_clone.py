"""From a fresh clone to the first sticker: clones this repository and runs `make demo ONCE=1` in the clone."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from figures import publish

LIMIT_SECONDS = 180.0
ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "fresh"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        begin = time.monotonic()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        command = ["make", "--directory", str(clone), "demo", "ONCE=1"]
        first = 0.0
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            for line in process.stdout or ():
                print(line, end="")
                first = first or ("已发" in line) * (time.monotonic() - begin)
        whole = time.monotonic() - begin
    rows = [
        {"what": "clone to first sticker", "seconds": first, "of the limit of 180 s": first / LIMIT_SECONDS},
        {
            "what": "clone to the end of make demo ONCE=1",
            "seconds": whole,
            "of the limit of 180 s": whole / LIMIT_SECONDS,
        },
    ]
    publish(
        "fresh-clone", rows, f"Exit status {process.returncode}. Packages come from the machine's registries or cache."
    )
    raise SystemExit(process.returncode)


if __name__ == "__main__":
    main()
