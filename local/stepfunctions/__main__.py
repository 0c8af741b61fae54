"""``python -m local.stepfunctions``: the engine as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from pathlib import Path

from local.environment import TOKEN_VARIABLE
from local.processes import raise_file_limit
from local.stepfunctions.arns import Place
from local.stepfunctions.server import ServerArgs, serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.stepfunctions", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--endpoint", help="AWS endpoint that tasks, readers and writers call; none means AWS")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--data-dir", type=Path, required=True, help="directory for the engine's own files")
    parser.add_argument("--ready-file", type=Path, help="file that gets {port, pid} when the engine listens")
    options = parser.parse_args()
    raise_file_limit()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(
        serve(
            ServerArgs(
                port=options.port,
                endpoint=options.endpoint,
                place=Place(region=options.region, account=options.account),
                data_dir=options.data_dir,
                ready_file=options.ready_file,
                service_token=os.environ.get(TOKEN_VARIABLE),
            )
        )
    )


if __name__ == "__main__":
    main()
