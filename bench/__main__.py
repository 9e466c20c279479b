"""`python -m bench [SECTION ...]`: measure and write the figures into docs/benchmarks.md."""

import argparse
from collections.abc import Callable
from importlib import import_module

from bench import report

SECTIONS = ("search", "recommendations", "serving", "quality")


def main() -> None:
    """Measure the sections asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], help="; ".join(SECTIONS))
    for section in parser.parse_args().sections or SECTIONS:
        measure: Callable[[], str | None] = import_module(f"bench.{section}").measure
        text = measure()
        if text is None:
            report.progress(f"{section}: left as it is, the data sets are not here")
            continue
        report.write(section, text)
        print(text, end="\n\n")
    report.write("machine", report.machine())


if __name__ == "__main__":
    main()
