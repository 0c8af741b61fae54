"""Use cases run on AWS on localhost through the command line, as a person or a script would do it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local import server
from local.state import StateDir
from operate import local_aws, runs
from operate.console import THEME
from operate.demo import demonstrate
from operate.errors import InterruptedRunError, StackError
from operate.watch import QuietDisplay
from usecases.registry import USE_CASES

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("operate")]

ROOT = Path(__file__).resolve().parents[2]
TINY = 20_000


def quiet() -> QuietDisplay:
    return QuietDisplay(Console(file=StringIO(), theme=THEME))


def reported(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


def the_endpoint(text: str) -> str:
    (found,) = set(re.findall(r"http://127\.0\.0\.1:\d+", text))
    return str(found)


def failed_checks(out: str) -> set[str]:
    return {check["name"] for check in reported(out)["checks"] if not check["ok"]}


def test_a_run_is_verified_and_reported_as_json(distmap):
    code, out, err = distmap("run", "hello", "--scale", "tiny", "--json")
    found = reported(out)
    assert code == 0, err
    assert {name: found[name] for name in ("use_case", "stack", "status", "verified")} == {
        "use_case": "hello",
        "stack": "local",
        "status": "SUCCEEDED",
        "verified": True,
    }
    assert found["items"] == {"total": TINY, "succeeded": TINY, "failed": 0, "pending": 0}
    (map_run,) = found["map_runs"]
    assert map_run["label"] == "Reviews"
    assert map_run["executions"]["succeeded"] == TINY / 1_000, "1,000 reviews a child"
    assert 0 < map_run["seconds"] <= found["seconds"]
    assert failed_checks(out) == set()
    starts = next(line for line in found["cost"]["lines"] if line["basis"] == "child executions started")
    assert starts["usd"] == pytest.approx(20 * 0.000025)
    assert found["cost"]["total_usd"] == pytest.approx(sum(line["usd"] for line in found["cost"]["lines"]))

    again, out_again, _ = distmap("report", found["execution_arn"], "--json")
    assert again == 0
    assert reported(out_again) == found, "a report says what the run said"


def test_data_are_made_once_and_anew_for_another_seed(distmap):
    distmap("run", "hello", "--scale", "tiny", "--json")
    _, first, err = distmap("run", "hello", "--scale", "tiny", "--json")
    assert "there already" in err
    code, _, err = distmap("run", "hello", "--scale", "tiny", "--seed", "2", "--json")
    assert code == 0
    assert "made in" in err

    code, out, _ = distmap("report", reported(first)["execution_arn"], "--json")
    assert code == 1
    assert failed_checks(out) == {"the data are those that the run read"}, "new data cannot judge an old run"


def test_a_trial_run_reads_the_first_items_and_is_verified_too(distmap):
    code, out, _ = distmap(
        "run", "hello", "--count", "5000", "--set", "max_items=1234", "--set", "batch_size=100", "--json"
    )
    assert code == 0
    assert reported(out)["items"]["total"] == 1_234
    assert reported(out)["map_runs"][0]["executions"]["total"] == 13


def test_tables_are_printed_for_people(distmap):
    code, out, err = distmap("run", "hello", "--count", "3000")
    assert code == 0
    assert re.search(r"^✓ hello on local: SUCCEEDED in [\d.]+ s, verified$", out, re.MULTILINE)
    assert re.search(r"^Reviews items +3,000 +3,000 +0 ", out, re.MULTILINE)
    assert re.search(r"^total +\$0\.\d{4} *$", out, re.MULTILINE)
    assert "Map Run Reviews: SUCCEEDED, 3,000 items in" in err


def test_a_result_that_was_changed_is_found(distmap, stack):
    _, out, _ = distmap("run", "hello", "--count", "3000", "--json")
    arn = reported(out)["execution_arn"]
    written = json.loads(stack.client("stepfunctions").describe_execution(executionArn=arn)["output"])
    bucket = written["ResultWriterDetails"]["Bucket"]
    s3 = stack.client("s3")
    manifest = json.load(s3.get_object(Bucket=bucket, Key=written["ResultWriterDetails"]["Key"])["Body"])
    key = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    output = body.index(b'"Output":')
    spoilt = body[:output] + body[output:].replace(b'\\"4.0\\"', b'\\"5.0\\"', 1)
    assert len(spoilt) == len(body)
    assert spoilt != body
    s3.put_object(Bucket=bucket, Key=key, Body=spoilt)
    code, out, _ = distmap("report", arn, "--json")
    assert code == 1
    assert not reported(out)["verified"]
    assert failed_checks(out) == {"every highly rated review is there", "nothing else is there"}

    s3.delete_object(Bucket=bucket, Key=key)
    code, out, _ = distmap("report", arn, "--json")
    assert code == 1
    assert failed_checks(out) == {"result files are complete and readable"}


@pytest.mark.parametrize("damage", ["missing", "empty", "header only"])
def test_input_that_cannot_be_mapped_is_reported_with_the_error_of_aws(distmap, stack, damage):
    distmap("run", "hello", "--count", "1000", "--json")
    where = {"Bucket": stack.outputs_of("hello")["input_bucket"], "Key": stack.outputs_of("hello")["data_key"]}
    s3 = stack.client("s3")
    whole = s3.get_object(**where)["Body"].read()
    if damage == "missing":
        s3.delete_object(**where)
    else:
        s3.put_object(**where, Body=b"" if damage == "empty" else whole.partition(b"\n")[0] + b"\n")
    code, out, _ = distmap("run", "hello", "--count", "1000", "--json")
    s3.put_object(**where, Body=BytesIO(whole).read())
    assert code == 1
    if damage == "missing":
        assert reported(out)["status"] == "FAILED"
        assert reported(out)["checks"][0]["detail"].startswith("FAILED: States.ItemReaderFailed: ")
    assert not reported(out)["verified"], "nothing came out of it"


def test_data_of_somebody_else_are_not_touched(distmap, stack):
    bucket = stack.outputs_of("hello")["input_bucket"]
    s3 = stack.client("s3")
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.put_object(Bucket=bucket, Key="reviews/own.csv", Body=b"mine")
    code, out, err = distmap("run", "hello", "--count", "1000")
    assert (code, out) == (1, "")
    assert "holds objects that were not generated" in err
    assert s3.get_object(Bucket=bucket, Key="reviews/own.csv")["Body"].read() == b"mine"
    s3.delete_object(Bucket=bucket, Key="reviews/own.csv")


def test_an_execution_that_does_not_exist_is_one_line(distmap, stack):
    arn = stack.outputs_of("hello")["state_machine_arn"].replace(":stateMachine:", ":execution:") + ":nobody"
    code, out, err = distmap("report", arn)
    assert (code, out) == (1, "")
    assert err.startswith("distmap: AWS refused DescribeExecution: ExecutionDoesNotExist")
    assert err.count("\n") == 1


class Impatient(QuietDisplay):
    """Presses Ctrl-C as soon as the execution is seen to run."""

    def map_runs(self, progress, expected):
        assert progress.execution.status == "RUNNING", "the test came too late"
        raise KeyboardInterrupt


@pytest.mark.parametrize(("stops", "status"), [(True, "ABORTED"), (False, "RUNNING")])
def test_ctrl_c_stops_the_execution_or_leaves_it_running_as_asked(distmap, stack, stops, status):
    request = runs.request_for("hello", scale="tiny", count=400_000, seed=1, assignments=[], timeout=60)
    display = Impatient(Console(file=StringIO(), theme=THEME))
    with pytest.raises(InterruptedRunError) as raised:
        runs.run(request, stack, display, ask_to_stop=lambda: stops)
    (arn,) = re.findall(r"arn:aws:states:[\w:/-]+", str(raised.value))
    sfn = stack.client("stepfunctions")
    assert sfn.describe_execution(executionArn=arn)["status"] == status
    runs.stop(stack, arn)
    code, out, _ = distmap("report", arn, "--json")
    assert code == 1
    assert not reported(out)["verified"], "what a stopped run left never passes for complete"


def test_a_wait_that_is_too_short_leaves_the_execution_running_and_says_so(distmap, stack):
    code, _, err = distmap("run", "hello", "--count", "400000", "--timeout", "0.01")
    assert code == 1
    assert "is still RUNNING after 0.01 s and goes on: see it with `distmap report " in err
    (arn,) = set(re.findall(r"arn:aws:states:[\w:/-]+", err))
    runs.stop(stack, arn)


def test_status_and_environment_describe_the_running_server(distmap, state):
    running = server.running(state)
    code, out, _ = distmap("local", "status")
    assert code == 0
    assert f"running at {running.endpoint}" in out
    code, out, _ = distmap("local", "env")
    assert code == 0
    shell = subprocess.run(
        ["sh", "-c", f"{out}\necho $AWS_ENDPOINT_URL $AWS_REGION"], capture_output=True, text=True, check=True
    )
    assert shell.stdout == f"{running.endpoint} us-east-1\n"


def demo(display: QuietDisplay) -> tuple[bool, str]:
    stream = StringIO()
    console = Console(file=stream, width=80, theme=THEME)
    return demonstrate(console, display, scale="tiny"), stream.getvalue()


class Witness(QuietDisplay):
    """Keeps what was said, and where the server was."""

    def __init__(self):
        self.said = StringIO()
        super().__init__(Console(file=self.said, theme=THEME, width=1000))

    @property
    def endpoint(self):
        return the_endpoint(self.said.getvalue())


def assert_gone(endpoint: str) -> None:
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoint, timeout=2)


def test_the_demo_verifies_every_use_case_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    display = Witness()
    good, table = demo(display)
    assert good
    assert re.search(r"^hello +20,000 +20 +[\d.]+ +[\d,]+ +✓ 8 of 8 +\$0\.\d{4} *$", table, re.MULTILINE)
    assert_gone(display.endpoint)
    assert list(tmp_path.iterdir()) == [], "the state directory is gone"


@pytest.fixture
def teardowns(monkeypatch, stack):
    """Let the demo use the session's stack, and count how often it tears it down."""
    counted: list[str] = []

    @contextmanager
    def deployed(state, display, *, port):
        try:
            yield stack
        finally:
            counted.append("down")

    monkeypatch.setattr(local_aws, "deployed", deployed)
    return counted


def test_a_use_case_that_fails_in_the_demo_is_a_row_of_its_table(monkeypatch, teardowns):
    def fails(*_, **__):
        raise StackError("the bucket is gone")

    monkeypatch.setattr(runs, "run", fails)
    good, table = demo(quiet())
    assert not good
    assert "the bucket is gone" in table
    assert teardowns == ["down"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, InterruptedRunError])
def test_ctrl_c_in_the_demo_ends_all_of_it_and_tears_down(monkeypatch, teardowns, interruption):
    def interrupted(*_, **__):
        raise interruption

    monkeypatch.setattr(runs, "run", interrupted)
    with pytest.raises(interruption):
        demo(quiet())
    assert teardowns == ["down"]


@pytest.fixture
def project(tmp_path):
    """A project directory of its own, so that `.distmap/local` is nobody else's; of the use cases it has hello."""
    for name in ("Pulumi.yaml", "__main__.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    off = "".join(f"  distmap:{name}_enabled: false\n" for name in USE_CASES if name != "hello")
    (tmp_path / "Pulumi.local.yaml").write_text((ROOT / "Pulumi.local.yaml").read_text() + off)
    yield tmp_path
    server.stop(StateDir.of("local", tmp_path))


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from operate.cli import main; main()", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_local_up_serves_until_it_is_ended_and_leaves_no_process(project, end):
    process = start(project, "local", "up", "--port", "0")
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        endpoint = the_endpoint(process.stdout.readline())
        for line in process.stderr:
            if "running until Ctrl-C" in line:
                break
        process.send_signal(end)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "torn down" in err
    assert_gone(endpoint)


def test_local_up_detached_stays_until_down_and_a_second_one_is_refused(project):
    first = start(project, "local", "up", "--port", "0", "--detach")
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    endpoint = the_endpoint(out)
    second = start(project, "local", "up", "--port", "0", "--detach")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert err.startswith(f"distmap: AWS on localhost is already running at {endpoint}")
    run = start(project, "run", "hello", "--count", "2000", "--json", "--no-watch")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert reported(out)["verified"]
    down = start(project, "local", "down")
    _, err = down.communicate(timeout=60)
    assert down.returncode == 0, err
    assert_gone(endpoint)


def test_a_port_in_use_is_one_line(project, state):
    port = server.running(state).port
    process = start(project, "local", "up", "--port", str(port))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith(f"distmap: port {port} on 127.0.0.1 is in use")
    assert err.count("\n") == 1
