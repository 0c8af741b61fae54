"""What every test may rely on: no AWS or Pulumi settings of the person who runs it, and repeatable examples."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

FOREIGN = ("AWS_", "PULUMI_")

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

for _name in [name for name in os.environ if name.startswith(FOREIGN)]:
    del os.environ[_name]

# A shell starts its background jobs with Ctrl-C ignored, and so would be every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
