"""Runs a command and prints its wall time in seconds and its peak resident memory in bytes as JSON.

A process of its own and a small one: Linux counts what the parent held at exec into the child's peak.
"""

import json
import os
import sys
import time

begin = time.perf_counter()
pid = os.posix_spawnp(
    sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
)
_, status, usage = os.wait4(pid, 0)
print(json.dumps({"seconds": time.perf_counter() - begin, "peak_bytes": usage.ru_maxrss * 1024}))
sys.exit(os.waitstatus_to_exitcode(status))
