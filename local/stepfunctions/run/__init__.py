"""Running a checked definition: one coroutine a branch, failures as data, Retry and Catch in one place."""

from local.stepfunctions.run.branch import Branch, Run
from local.stepfunctions.run.loop import run_workflow

__all__ = ["Branch", "Run", "run_workflow"]
