"""The two programs that can be the broker, for tests that run over both."""

import os
import shutil

import pytest

HAS_MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None
needs_mosquitto = pytest.mark.skipif(
    not HAS_MOSQUITTO, reason="mosquitto is not installed here and could not be: tests over it are skipped"
)
KINDS = ["nats", pytest.param("mosquitto", marks=needs_mosquitto)]
