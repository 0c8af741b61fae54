"""``python -m bench [NAME ...]``: run the benchmarks named, or all; each is a module here with ``main()``."""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

_NOT_BENCHMARKS = frozenset({"__init__", "__main__", "harness", "slow_s3"})


def main() -> None:
    """Run them one after the other."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _NOT_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(found)}; all when none is given")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(found))
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(found)}")
    for name in names or found:
        began = time.monotonic()
        print(f"== {name}", flush=True)
        importlib.import_module(f"bench.{name}").main()
        print(f"\n({name} took {time.monotonic() - began:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
