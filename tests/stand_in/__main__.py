"""`python -m tests.stand_in [--port N] [--recorded] [--stay]`: tells its address and answers until its input ends."""

import argparse
import sys
import tempfile
import threading
from pathlib import Path

from tests.stand_in.answers import Answers
from tests.stand_in.server import Server
from tests.stand_in.silence import other_addresses

DATA = Path(__file__).parents[1] / "data" / "sources"
RECORDED = Path(__file__).parents[3] / "shared" / "fixtures"

arguments = argparse.ArgumentParser(prog="tests.stand_in", description=__doc__)
arguments.add_argument("--port", type=int, default=0)
arguments.add_argument("--recorded", action="store_true", help="answer with what was recorded")
arguments.add_argument("--stay", action="store_true", help="until it is interrupted, whatever its input does")
given = arguments.parse_args()

folders = (RECORDED, DATA) if given.recorded else (DATA,)
with tempfile.TemporaryDirectory(prefix="moviefinder-stand-in-") as folder:
    server = Server(("127.0.0.1", given.port), Answers(folders))
    server.addresses, server.certificates, kept = other_addresses(server, Path(folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    try:
        if given.stay:
            threading.Event().wait()
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
