"""The process of a Python function: imports its module, then calls its handler once for each line it is sent.

Ministack starts it as a script of its own and sends the first line; `function_worker` sends the others.
Both talk over the first two descriptors, in JSON lines. The function itself finds nothing on its standard
input, and what it prints is its log, as on AWS. Failures have the form and the names that AWS's own runtime
for Python gives them. Each answer says how long it took and the most memory that the process ever had.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import site
import sys
import time
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any


class Context:
    """What a handler is told of its invocation (Lambda Developer Guide, "Using the Lambda context object")."""

    identity = None
    client_context = None

    def __init__(self, *, request_id: str, arn: str, seconds: float) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{self.function_name}")
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = time.time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation times out."""
        return max(0, int((self._deadline - time.time()) * 1000))


class Failed(Exception):
    """A failure as the function's caller is told of it."""

    def __init__(self, kind: str, message: str, stack: list[str]) -> None:
        super().__init__(message)
        self.kind = kind
        self.stack = stack

    def told(self, request_id: str) -> str:
        """What the answer says of it, as a member of a JSON object; it is left in the log too."""
        answer = {"errorMessage": str(self), "errorType": self.kind, "requestId": request_id, "stackTrace": self.stack}
        if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
            logged = json.dumps({"timestamp": timestamp(), "log_level": "ERROR", **answer})
        else:
            lines = [f"[ERROR] {self.kind}: {self}", "Traceback (most recent call last):"]
            logged = "\n".join([*lines, *(entry.rstrip("\n") for entry in self.stack)])
        print(logged, file=sys.stderr)
        return f'"failure": {json.dumps(answer)}'


def timestamp() -> str:
    """Now, as Lambda writes it."""
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def peak_bytes() -> int:
    """The most memory that this process ever had."""
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as status:  # noqa: PTH123 - at each invocation
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    # Elsewhere than on Linux: there it would count what the process was started from.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Serve until the server closes its end."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # no other stream is put there before
    function = json.loads(requests.readline())
    print('{"status": "ready"}', file=answers, flush=True)
    handler = None
    for line in requests:
        began = time.perf_counter()
        request = json.loads(line)
        request_id = request.get("context", {}).get("request_id", "")
        try:
            if handler is None:
                os.environ.update(request["environment"])
                mark_depth(**request["depth"])
                handler = load(function["code_dir"], function["module"], function["handler"])
                answer = '"result": null'
            else:
                answer = invoke(handler, **request)
        except Failed as failure:
            answer = failure.told(request_id)
        sys.stdout.flush()
        sys.stderr.flush()
        used = f'"seconds": {time.perf_counter() - began:.6f}, "peak_bytes": {peak_bytes()}'
        print(f"{{{used}, {answer}}}", file=answers, flush=True)


def mark_depth(*, variable: str, header: str) -> None:
    """Have the SDK say how deep a chain of invocations is, so that the server can break an endless one."""
    with contextlib.suppress(ImportError):
        import botocore.handlers

        def add(params: dict[str, Any], **_more: Any) -> None:
            if depth := os.environ.get(variable):
                params["headers"].setdefault(header, depth)

        # Each session copies the list when it is made.
        botocore.handlers.BUILTIN_HANDLERS.append(("before-call", add))


def load(code: str, module: str, handler: str) -> Any:
    """The handler. Raises Failed."""
    add_to_path(code)
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        raise Failed("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}", []) from error
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Failed("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", [where]) from error
    except Exception as error:
        raise unhandled(error) from error
    try:
        return getattr(loaded, handler)
    except AttributeError as error:
        raise Failed("Runtime.HandlerNotFound", f"Handler '{handler}' missing on module '{module}'", []) from error


def add_to_path(code: str) -> None:
    """Make the function's own modules and those of its layers importable."""
    sys.path.insert(0, code)
    for layer in filter(None, os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep)):
        python = Path(layer, "python")
        if python.is_dir():
            sys.path.insert(0, str(python))
            for packages in sorted(python.glob("lib/*/site-packages")):
                site.addsitedir(str(packages))
        sys.path.insert(0, layer)


def invoke(handler: Any, *, event: Any, context: dict[str, Any], environment: dict[str, str | None]) -> str:
    """The handler's result, as a member of a JSON object. Raises Failed."""
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        result = handler(event, Context(**context))
    except Exception as error:
        raise unhandled(error) from error
    try:
        return f'"result": {json.dumps(result, default=number)}'
    except Exception as error:
        raise Failed("Runtime.MarshalError", f"Unable to marshal response: {error}", []) from error


def number(value: Any) -> float:
    """A Decimal as a number; nothing else that JSON does not know."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def unhandled(error: Exception) -> Failed:
    """An exception of the function, without the frame of this module."""
    frames = [(f.filename, f.lineno or 0, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)[1:]]
    return Failed(type(error).__name__, str(error), traceback.format_list(frames))


if __name__ == "__main__":
    main()
