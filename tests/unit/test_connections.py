"""The first call of a process, which may be several at once."""

import subprocess
import sys

FIRST_CALLS = """
import threading, time
from moviefinder.sources.addresses import parse
from moviefinder.sources.connections import Connections

connections, outcomes = Connections(connect_s=1, read_s=1), []
address = parse('http://127.0.0.1:9/', hosts=(), written=['http://127.0.0.1:9'])
ready = threading.Barrier(16)

def ask(after_s):
    ready.wait()
    time.sleep(after_s)  # one that comes while another imports
    try:
        connections.exchange(
            "GET", address, headers={}, body=None, most=10, until=time.monotonic() + 5
        )
    except Exception as error:
        outcomes.append(type(error).__name__)

threads = [threading.Thread(target=ask, args=[number * 0.005]) for number in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(set(outcomes))
"""


def test_sixteen_threads_may_make_the_first_call_at_once():
    """What it imports is there whole for each; the address refuses them all."""
    for _ in range(3):
        told = subprocess.run([sys.executable, "-c", FIRST_CALLS], capture_output=True, text=True, check=True)
        assert told.stdout.strip() in ("{'SourceUnavailable'}", "{'SourceNonsense'}"), (
            told.stdout + told.stderr
        )
