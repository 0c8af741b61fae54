"""The command line of datagen, as a user sees it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def run(*arguments):
    command = [sys.executable, "-m", "datagen", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_help_lists_the_data_sets():
    done = run("--help")
    assert done.returncode == 0
    assert "reviews" in done.stdout


def test_json_is_one_object_with_the_sums(tmp_path):
    done = run("reviews", "--scale", "tiny", "--to", tmp_path.joinpath("r").as_uri(), "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["objects"], summary["rows"]) == (1, 5_000)
    assert summary["bytes"] == (tmp_path / "r" / "reviews.csv").stat().st_size


def test_dry_run_prints_size_and_price_and_makes_nothing(tmp_path):
    done = run("reviews", "--count", "1000000000", "--to", tmp_path.as_uri(), "--dry-run")
    assert done.returncode == 0
    assert "would write 1 objects, 1,000,000,000 rows" in done.stdout
    # 63.6 bytes a review are 59.2 GiB, at $0.023 a month
    assert "a month of storage $1.36" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["tweets", "--to", "s3://b"], 2, "no data set is called 'tweets'"),
        (["reviews", "--to", "nowhere"], 2, "cannot write to 'nowhere'"),
        (["reviews", "--to", "file:///proc/x", "--scale", "tiny"], 1, "/proc/"),
    ],
)
def test_a_mistake_is_one_line_and_a_failing_exit_code(arguments, code, message):
    done = run(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_ctrl_c_stops_cleanly_and_says_how_to_resume(tmp_path):
    to = tmp_path / "r"
    process = subprocess.Popen(
        [sys.executable, "-m", "datagen", "reviews", "--count", "100000000", "--to", to.as_uri()],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not list(to.glob("*")):
        assert time.monotonic() < deadline, "writing never began"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "--resume" in stderr
    assert "Traceback" not in stderr
    assert list(to.glob("*")) == [], "no half-written object stays behind"
