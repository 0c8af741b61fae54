"""Python functions on the local server: what callers are told of failures, what a call waits for, who outlives whom."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local import processes
from local.mends.function_pipes import MAX_LOG_BYTES, Ended, Pipes
from local.server import PACKAGE_ROOT, Server
from tests.local.helpers import client, is_running, make_function

Invoke = Callable[..., Any]


class Answer:
    """What a caller of a function gets."""

    def __init__(self, answer: dict[str, Any], seconds: float) -> None:
        self.payload = json.loads(answer["Payload"].read())
        self.error = answer.get("FunctionError")
        self.log = base64.b64decode(answer.get("LogResult", "")).decode()
        self.seconds = seconds


@pytest.fixture
def function(aws: Server) -> Callable[..., Invoke]:
    """A function of the code; called, it is invoked."""

    def make(code: str, **settings: Any) -> Invoke:
        name = make_function(aws, code, **settings)
        functions = client(aws, "lambda")

        def invoke(event: Any = None) -> Answer:
            began = time.monotonic()
            answer = functions.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
            return Answer(answer, time.monotonic() - began)

        return invoke

    return make


RAISE = """
class OutOfStock(Exception):
    pass

def check(event):
    raise OutOfStock(f"none of {event}")

def handler(event, context):
    check(event)
"""


def test_an_exception_reaches_the_caller_with_its_type_message_request_and_stack(function: Any) -> None:
    answer = function(RAISE)("shoes")
    assert answer.error == "Unhandled"
    assert list(answer.payload) == ["errorMessage", "errorType", "requestId", "stackTrace"], "as AWS's runtime tells it"
    assert answer.payload["errorType"] == "OutOfStock", "Retry and Catch match by it"
    assert answer.payload["errorMessage"] == "none of shoes"
    assert len(answer.payload["requestId"]) == 36
    outer, inner = answer.payload["stackTrace"]
    assert outer.endswith("line 9, in handler\n    check(event)\n")
    assert inner.endswith('line 6, in check\n    raise OutOfStock(f"none of {event}")\n')
    assert answer.log.startswith("[ERROR] OutOfStock: none of shoes\nTraceback (most recent call last):\n  File ")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        (
            "import no_such_module",
            "Runtime.ImportModuleError",
            "Unable to import module 'code': No module named 'no_such_module'",
        ),
        ("def other(event, context): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'code'"),
        (
            "def handler(:",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'code': invalid syntax (code.py, line 1)",
        ),
        ("import os\nos.environ['MISSING']", "KeyError", "'MISSING'"),
        (
            "def handler(event, context): return {1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
    ],
)
def test_code_that_cannot_run_fails_as_on_aws_each_time(function: Any, code: str, kind: str, message: str) -> None:
    invoke = function(code)
    for _ in range(2):
        answer = invoke()
        assert (answer.payload["errorType"], answer.payload["errorMessage"]) == (kind, message)


COUNT = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event == "fail":
        raise ValueError
    return calls
"""


def test_an_exception_leaves_the_process_to_the_next_invocation(function: Any) -> None:
    invoke = function(COUNT)
    assert [invoke(event).payload for event in (1, 2)] == [1, 2]
    assert invoke("fail").error == "Unhandled"
    assert invoke().payload == 4, "AWS keeps the execution environment after an exception of the function"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys\ndef handler(event, context): sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("import sys\ndef handler(event, context): sys.exit(0)", "Runtime exited without providing a reason"),
        (
            "import os\ndef handler(event, context): os.kill(os.getpid(), 9)",
            "Runtime exited with error: signal: killed",
        ),
        ("import os\nos._exit(1)", "Runtime exited with error: exit status 1"),
    ],
)
def test_a_process_that_ends_itself_is_told_at_once_and_the_next_call_has_a_new_one(
    function: Any, code: str, message: str
) -> None:
    invoke = function(code, Timeout=30)
    for _ in range(2):
        answer = invoke()
        assert answer.payload["errorType"] == "Runtime.ExitError"
        assert answer.payload["errorMessage"].endswith(f" Error: {message}")
        assert answer.seconds < 5, "nobody waits for the timeout of what is gone"


STUCK = """
import os, signal, time
def handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("begun", context.get_remaining_time_in_millis() > 500)
    while event == "hang":
        time.sleep(0.1)
    return os.getpid()
"""


def test_a_function_that_runs_too_long_is_killed_at_its_timeout_and_the_next_call_works(function: Any) -> None:
    invoke = function(STUCK, Timeout=1)
    before = invoke().payload
    answer = invoke("hang")
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    request, _, text = answer.payload["errorMessage"].partition(" Error: ")
    assert request.startswith("RequestId: ")
    assert text == "Task timed out after 1.00 seconds"
    assert answer.seconds < 2.5, "it is killed, not asked to end"
    assert answer.log.startswith("begun True\n"), "what it printed until then is its log"
    assert processes.wait_until(lambda: not is_running(before), seconds=2)
    assert invoke().payload != before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_or_stopped_worker_holds_up_no_later_call(function: Any, number: signal.Signals) -> None:
    invoke = function(STUCK, Timeout=1)
    before = invoke().payload
    os.kill(before, number)
    first, second = invoke(), invoke()
    if number is signal.SIGSTOP:
        assert first.payload["errorType"] == "Sandbox.Timedout", "a stopped process gives no answer in time"
    assert second.error is None
    assert second.payload != before
    assert first.seconds + second.seconds < 5


def test_stuck_functions_hold_up_no_other(function: Any) -> None:
    stuck, other = function(STUCK, Timeout=3), function(COUNT)
    other()
    with ThreadPoolExecutor(12) as pool:
        hanging = [pool.submit(stuck, "hang") for _ in range(12)]
        assert max(other().seconds for _ in range(10)) < 2
        assert {call.result().payload["errorType"] for call in hanging} == {"Sandbox.Timedout"}


NOISY = """
import os, subprocess, sys
def handler(event, context):
    print("printed")
    print("to stderr", file=sys.stderr)
    os.write(1, b'{"result": "forged"}\\n')
    child = subprocess.run(["cat"], capture_output=True, text=True, timeout=5)
    subprocess.run([sys.executable, "-c", "print('child')"])
    return {"read": child.stdout, "stdin": sys.stdin.read()}
"""


def test_what_a_function_and_its_children_print_is_its_log_and_never_its_answer(function: Any) -> None:
    answer = function(NOISY)()
    assert answer.payload == {"read": "", "stdin": ""}, "neither finds the server's messages on standard input"
    assert sorted(answer.log.splitlines()) == sorted(["printed", "to stderr", '{"result": "forged"}', "child"])


def test_each_invocation_has_its_own_log_and_waits_for_none(function: Any) -> None:
    invoke = function("def handler(event, context):\n    if event:\n        print('x' * event)")
    invoke()
    assert [len(invoke(size).log) for size in (5, 0, 100, 0)] == [5, 0, 100, 0]
    assert min(invoke(0).seconds for _ in range(10)) < 0.045, "a silent function is not waited for (it was 50 ms)"


def test_decimals_go_as_numbers_and_other_json_unchanged(function: Any) -> None:
    invoke = function("from decimal import Decimal\ndef handler(e, c): return [Decimal('7'), Decimal('0.25'), e]")
    event = {"é": [1.5, None, True, "x" * 100_000], "big": 2**70}
    assert invoke(event).payload == [7, 0.25, event]


def test_a_payload_larger_than_a_pipe_passes_both_ways(function: Any) -> None:
    text = "x" * 5_000_000
    assert function("def handler(event, context): return event")(text).payload == text


def test_the_handler_is_told_of_its_invocation(function: Any) -> None:
    fields = ("function_name", "function_version", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
    code = f"def handler(event, context): return {{name: getattr(context, name) for name in {fields}}}"
    told = function(code, MemorySize=256)().payload
    assert told["invoked_function_arn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{told['function_name']}"
    assert (told["function_version"], told["memory_limit_in_mb"]) == ("$LATEST", "256")
    assert len(told["aws_request_id"]) == 36


HANGING_IMPORT = """
import time
from local.bridge import Bridge
from local.emulator import load
load(Bridge(), service_token="t")
from local.mends import function_worker
from tests.local.helpers import zipped
function_worker.INIT_SECONDS = 0.3
config = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "code.handler", "Timeout": 0.4,
          "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Role": ""}
worker = function_worker.PythonWorker("f", config, zipped(code="import time; time.sleep(60)"))
for request in ("one", "two"):
    began = time.monotonic()
    answer = worker.invoke({}, request)
    assert answer["status"] == "error" and answer["error"].endswith("Task timed out after 0.40 seconds"), answer
    assert 0.6 < time.monotonic() - began < 5, time.monotonic() - began
    assert function_worker.failures.pop(request)["errorType"] == "Sandbox.Timedout"
worker.kill()
"""


def test_an_import_that_never_ends_is_cut_off_after_the_init_phase_and_the_timeout(tmp_path: Path) -> None:
    """In a process of its own, since the whole of ministack is imported."""
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "STATE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", HANGING_IMPORT], cwd=PACKAGE_ROOT, env=environment, check=True, timeout=50)


@contextmanager
def piped(code: str) -> Iterator[Pipes]:
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0) as process:
        pipes = Pipes(process)
        try:
            yield pipes
        finally:
            pipes.end()


def test_a_process_that_reads_nothing_is_given_up_in_time() -> None:
    with piped("import time; time.sleep(60)") as pipes:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            pipes.ask({"more than a pipe holds": "x" * 1_000_000}, 0.5)
        assert time.monotonic() - began < 3


def test_a_process_that_closes_its_answers_and_stays_is_ended() -> None:
    with (
        piped("import os, time; os.close(1); time.sleep(60)") as pipes,
        pytest.raises(Ended, match="no longer answers"),
    ):
        pipes.ask({}, 30)


def test_a_flood_of_log_is_read_and_cut_at_its_limit() -> None:
    size = MAX_LOG_BYTES + 100_000
    code = f"import sys; input(); sys.stderr.write('x' * {size}); print('{{}}', flush=True); input()"
    with piped(code) as pipes:
        assert pipes.ask({}, 30) == {}
        assert len(pipes.log()) == MAX_LOG_BYTES
