"""The command line: one line on stderr for every mistake, a traceback only on request, quick to start."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from datagen.errors import BucketMissingError
from local.failures import NotRunningError, StartError
from operate import cli
from operate.commands import common
from operate.errors import ExecutionError, InterruptedRunError, UsageError, message_of


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A project in which nothing runs."""
    (tmp_path / "Pulumi.yaml").write_text("name: distmap\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("run nope", 2, "unknown use case 'nope': choose one of hello"),
        ("run hello --scale big", 2, "unknown scale 'big': choose one of tiny, demo, full"),
        ("run hello --count 0", 2, "--count must be 1 or more, got 0"),
        ("run hello --timeout 0", 2, "--timeout must be more than 0 seconds, got 0"),
        ("run hello --set max_concurrency=-1", 2, "max_concurrency must be 0 to 10,000, got -1"),
        ("run hello --set max_concurrency=10001", 2, "max_concurrency must be 0 to 10,000, got 10,001"),
        ("run hello --set batch_size=many", 2, "batch_size must be a whole number, got 'many'"),
        ("run hello --set speed=9", 2, "hello has no parameter 'speed'; it has max_concurrency, batch_size"),
        ("run hello --set speed", 2, "write name=value, got 'speed'"),
        ("run hello", 1, "AWS on localhost is not running; start it with `distmap local up`"),
        ("run", 2, "Missing argument 'usecase': see `distmap run --help`"),
        ("run hello --wrong", 2, "No such option: --wrong"),
        ("fly", 2, "No such command 'fly': see `distmap --help`"),
        ("local", 2, "Missing command: see `distmap local --help`"),
        ("local env", 1, "AWS on localhost is not running"),
        ("local up --port 70000", 2, "Invalid value for '--port'"),
        ("report hello", 2, "'hello' is not the ARN of an execution: give arn:aws:states:"),
        ("report arn:aws:states:us-east-1:1:stateMachine:hello", 2, "is not the ARN of an execution"),
        ("datagen reviews", 2, "Missing option '--to': see `distmap datagen reviews --help`"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(nowhere, capsys, command, code, says):
    assert cli.run_command(command.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("distmap: ")
    assert says in err
    assert err.count("\n") == 1, "one line, no traceback"


def test_an_unknown_data_set_is_one_line_of_the_generator(nowhere, capsys):
    assert cli.run_command(["datagen", "nope", "--to", "s3://b"]) == 2
    assert capsys.readouterr().err.startswith("datagen: no data set is called 'nope': choose one of reviews")


def test_debug_shows_the_traceback_wherever_it_stands(nowhere):
    for command in (["--debug", "run", "nope"], ["run", "nope", "--debug"]):
        with pytest.raises(UsageError):
            cli.run_command(command)


def test_without_arguments_the_help_is_shown(capsys):
    assert cli.run_command([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for command in ("local", "datagen", "run", "report", "demo"):
        assert command in out


def test_data_sets_can_be_made_from_here(tmp_path, capsys):
    assert cli.run_command(["datagen", "reviews", "--count", "5", "--to", f"file://{tmp_path}/reviews"]) == 0
    assert (tmp_path / "reviews" / "reviews.csv").read_text().count("\n") == 6, "a header and five reviews"


def test_status_of_nothing_is_a_failure_for_scripts(nowhere, capsys):
    assert cli.run_command(["local", "status"]) == 1
    assert capsys.readouterr().out == "AWS on localhost: stopped\n"


def test_taking_down_what_is_not_up_is_no_failure(nowhere, capsys):
    assert cli.run_command(["local", "down"]) == 0
    assert capsys.readouterr().out == "AWS on localhost is not running\n"


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "distmap: interrupted\n"),
        (InterruptedRunError("arn is ABORTED"), 130, "distmap: arn is ABORTED"),
        (RuntimeError("odd"), 1, "distmap: RuntimeError: odd: this is a defect of distmap, --debug shows where\n"),
        (ExecutionError("two\nlines"), 1, "distmap: two lines\n"),
        (typer.Exit(7), 7, ""),
    ],
)
def test_exit_codes_tell_what_happened(monkeypatch, capsys, raised, code, says):
    def fails(name, **_):
        raise raised

    monkeypatch.setattr("operate.runs.request_for", fails)
    assert cli.run_command(["run", "hello"]) == code
    assert capsys.readouterr().err.startswith(says)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "set AWS_PROFILE, or log in with `aws sso login`"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "`distmap local status`"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "StartExecution"),
            "AWS refused StartExecution: AccessDenied: no",
        ),
        (NotRunningError("not running"), "not running"),
        (BucketMissingError("there is no bucket 'b'"), "there is no bucket 'b'"),
    ],
)
def test_failures_of_others_are_said_in_our_words(error, says):
    assert says in str(message_of(error))


def test_a_server_that_does_not_start_shows_the_end_of_its_log():
    assert message_of(StartError("it ended:\n    why")) == "it ended:\n    why"


def test_a_defect_is_not_dressed_up_as_a_mistake():
    assert message_of(ZeroDivisionError()) is None


def test_the_command_starts_without_what_it_may_not_need():
    script = "import sys, operate.cli; print([m for m in ('pulumi', 'polars', 'botocore') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("typed", "stops"), [("y\n", True), ("\n", True), ("n\n", False), ("", True)])
def test_ctrl_c_stops_the_execution_unless_a_person_says_otherwise(monkeypatch, typed, stops):
    from io import StringIO

    class Terminal(StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(typed))
    monkeypatch.setattr("typer.confirm", _confirm_from_stdin)
    assert common.ask_to_stop() is stops


def _confirm_from_stdin(question, *, default, err):
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return {"y": True, "n": False, "": default}[line.strip()]


def test_ctrl_c_without_a_terminal_stops_the_execution(monkeypatch):
    from io import StringIO

    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert common.ask_to_stop() is True
