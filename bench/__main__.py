"""`python -m bench [SECTION ...]`: measure and write the figures into docs/benchmarks.md.

Without a name all sections but those that learn models, which take minutes to an hour and are asked for by name:
quality, placing, dials, live.
"""

import argparse
from collections.abc import Callable
from importlib import import_module

from bench import report

QUICK = ("search", "recommendations", "engines", "serving", "posters", "queue", "flow")
SECTIONS = (*QUICK, "quality", "placing", "dials", "live")


def main() -> None:
    """Measure the sections asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="; ".join(SECTIONS))
    parser.add_argument("--tune", action="store_true", help="look for the best settings of the peers anew")
    told = parser.parse_args()
    for section in told.sections or QUICK:
        measure: Callable[..., str | None] = import_module(f"bench.{section}").measure
        text = measure(tune=True) if told.tune and section == "quality" else measure()
        if text is None:
            report.progress(f"{section}: left as it is, what it measures is not here")
            continue
        report.write(section, text)
        print(text, end="\n\n")
    report.write("machine", report.machine())


if __name__ == "__main__":
    main()
