"""The life and death of the server's processes. Each test really kills, then looks for survivors."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from local import processes, server
from local.failures import AlreadyRunningError, LocalError, NotRunningError, PortInUseError, StartError
from local.ports import listen
from local.server import PACKAGE_ROOT
from local.state import StateDir
from tests.local.helpers import STUB, client, is_running, make_function, make_role, start_busy_function, starter

if TYPE_CHECKING:
    from local.server import Server

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="survivors are looked for in /proc")


def all_gone(server: Server, *others: int) -> bool:
    def gone() -> bool:
        return not processes.group_is_alive(server.pid) and not any(map(is_running, (server.engine_pid, *others)))

    return processes.wait_until(gone, seconds=12)


def guards_of(pid: int) -> list[int]:
    listing = subprocess.run(["pgrep", "-f", rf"guard\.py {pid}$"], capture_output=True, text=True, check=False)
    return [int(line) for line in listing.stdout.split()]


def test_start_serves_and_stop_leaves_no_process_and_no_file_of_the_run(state: StateDir, tmp_path: Path) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    assert server.status(state) == server.Status(condition="running", server=running, engine_answers=True)
    assert client(running, "sts").get_caller_identity()["Account"] == "000000000000"
    worker = start_busy_function(running, tmp_path)
    guards = guards_of(running.pid)
    assert len(guards) == 1, "one guard watches the server"

    assert server.stop(state), "a server was running"

    assert all_gone(running, worker, *guards), "no process of the server may be left"
    assert sorted(p.name for p in state.path.iterdir()) == ["server.lock", "server.log"]
    assert server.status(state).condition == "stopped"
    assert not server.stop(state), "nothing is left to stop"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_the_server_ends_the_engine_and_a_busy_function(
    state: StateDir, tmp_path: Path, number: signal.Signals
) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    worker = start_busy_function(running, tmp_path)
    os.kill(running.pid, number)
    assert all_gone(running, worker, *guards_of(running.pid)), f"no process may outlive the server's {number.name}"
    assert server.status(state).condition == ("stale" if number is signal.SIGKILL else "stopped")


BUSY_WITH_CHILD = """
import os, signal, subprocess, time
def handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "60"])
    with open(os.path.join(event["folder"], f"{os.getpid()}-{child.pid}"), "w"):
        pass
    time.sleep(60)
"""


def test_a_server_killed_within_a_map_run_leaves_none_of_its_processes(state: StateDir, tmp_path: Path) -> None:
    running = server.start(state=state, port=0)
    name = make_function(running, BUSY_WITH_CHILD, Timeout=60)
    function = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:busy"
    role = make_role(running, "states", ("lambda:InvokeFunction", function), ("states:StartExecution", machine))
    task = {"Type": "Task", "Resource": function, "End": True}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    processor = {"ProcessorConfig": config, "StartAt": "Busy", "States": {"Busy": task}}
    definition = {"StartAt": "Map", "States": {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True}}}
    states = client(running, "stepfunctions")
    arn = states.create_state_machine(name="busy", definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    folder = tmp_path / "busy"
    folder.mkdir()
    states.start_execution(stateMachineArn=arn, input=json.dumps([{"folder": str(folder)}] * 4))
    assert processes.wait_until(lambda: len(list(folder.iterdir())) == 4, seconds=20), "four workers should be busy"
    others = [int(pid) for file in folder.iterdir() for pid in file.name.split("-")]
    assert all(map(is_running, others))
    os.kill(running.pid, signal.SIGKILL)
    assert all_gone(running, *others, *guards_of(running.pid)), "no worker and no child of one may be left"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_attached_server_ends_with_its_starter(state: StateDir, tmp_path: Path, number: signal.Signals) -> None:
    process = starter(state)
    running = server.running(state)
    worker = start_busy_function(running, tmp_path)
    process.send_signal(number)
    process.wait()
    assert all_gone(running, worker), f"the server may not outlive its starter's {number.name}"


def test_ctrl_c_in_the_terminal_reaches_the_starter_alone_and_the_server_ends_with_it(
    state: StateDir,
) -> None:
    process = starter(state)
    running = server.running(state)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal sends: to the whole foreground group
    process.wait()
    assert all_gone(running)


def test_a_detached_server_outlives_its_starter_until_it_is_stopped(state: StateDir) -> None:
    process = starter(state, detach=True)
    running = server.running(state)
    process.kill()
    process.wait()
    time.sleep(0.5)
    assert server.status(state).condition == "running", "a detached server stays"
    assert server.stop(state)
    assert all_gone(running)


def test_a_stuck_server_is_ended_all_the_same(state: StateDir) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    os.kill(running.pid, signal.SIGSTOP)  # it can handle no signal but SIGKILL
    server.STOP_SECONDS, usual = 0.5, server.STOP_SECONDS
    try:
        assert server.stop(state)
    finally:
        server.STOP_SECONDS = usual
    assert all_gone(running)


def test_a_dead_engine_is_told_by_status_and_to_the_caller(state: StateDir) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    os.kill(running.engine_pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not is_running(running.engine_pid), seconds=5)
    assert not server.status(state).engine_answers
    with pytest.raises(ClientError, match=r"engine does not answer.*see server.log") as failure:
        client(running, "stepfunctions").list_state_machines()
    assert failure.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert client(running, "s3").list_buckets()["Buckets"] == [], "the other services go on"
    assert processes.wait_until(lambda: "engine ended with code -9" in state.log.read_text(), seconds=5), (
        "the log says what happened"
    )


def test_the_engine_may_open_as_many_files_as_the_system_allows(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "local.stepfunctions", "--data-dir", str(tmp_path), "--ready-file", str(ready)]
    few = f"ulimit -Sn 256; exec {shlex.join(command)}"
    with subprocess.Popen(["/bin/sh", "-c", few], cwd=PACKAGE_ROOT) as engine:
        try:
            assert processes.wait_until(ready.exists, seconds=20)
            limits = Path(f"/proc/{engine.pid}/limits").read_text().splitlines()
        finally:
            engine.terminate()
    (line,) = [line for line in limits if line.startswith("Max open files")]
    soft, hard, _unit = line.removeprefix("Max open files").split()
    assert soft == hard


def test_a_taken_port_is_named_with_its_holder_and_the_remedy(state: StateDir) -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"port {port} .*\(pid {os.getpid()}\); .*--port") as failure:
            server.start(state=state, port=port, engine=STUB)
    assert failure.value.port == port
    assert server.status(state).condition == "stopped", "nothing was started"


def test_a_port_out_of_range_is_refused(state: StateDir) -> None:
    with pytest.raises(LocalError, match="port 70000 is not a port: give 1 to 65535"):
        server.start(state=state, port=70000, engine=STUB)


def test_a_chosen_port_is_used_and_free_again_after_stop(state: StateDir) -> None:
    with listen(0) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        running = server.start(state=state, port=port, engine=STUB)
        assert running.endpoint == f"http://127.0.0.1:{port}"
        assert urllib.request.urlopen(f"{running.endpoint}/_ministack/health").status == 200
        server.stop(state)


def test_a_second_server_of_the_same_stack_is_refused_and_the_first_goes_on(state: StateDir) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    with pytest.raises(AlreadyRunningError, match=rf"already running at {running.endpoint}.*distmap local down"):
        server.start(state=state, port=0, engine=STUB)
    assert server.running(state) == running


def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    states = [StateDir(path=tmp_path / name) for name in ("one", "two")]
    with (
        server.serving(state=states[0], engine=STUB) as one,
        server.serving(state=states[1], engine=STUB) as two,
    ):
        client(one, "s3").create_bucket(Bucket="only-in-one")
        assert client(two, "s3").list_buckets()["Buckets"] == [], "two servers share nothing"
        assert one.port != two.port
    assert all_gone(one)
    assert all_gone(two)


def test_an_engine_that_ends_at_start_is_one_error_with_its_words(state: StateDir) -> None:
    with pytest.raises(StartError, match=r"(?s)No module named .*no_such_engine.*engine ended with code 1"):
        server.start(state=state, port=0, engine="tests.local.no_such_engine")
    assert server.status(state).condition == "stopped"


def test_status_is_not_misled_by_a_dead_server_whose_process_id_lives_again(state: StateDir) -> None:
    running = server.start(state=state, port=0, engine=STUB)
    os.kill(running.pid, signal.SIGKILL)
    assert all_gone(running)
    state.write(state.server, {**asdict(running), "pid": os.getpid()})  # as if the id now were another program's: ours
    assert server.status(state).condition == "stale"
    assert not server.stop(state), "the living process is not ours to stop"
    with pytest.raises(NotRunningError, match="distmap local up"):
        server.running(state)


def test_a_client_that_connects_before_the_server_is_ready_waits_for_it(state: StateDir) -> None:
    with listen(0) as probe:
        port = probe.getsockname()[1]
    process = starter_on(state, port)
    try:
        assert processes.wait_until(lambda: connects(port), seconds=10)
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=15)
        assert answer.status == 200
    finally:
        process.kill()
        process.wait()


def starter_on(state: StateDir, port: int) -> subprocess.Popen[bytes]:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from local import server; from local.state import StateDir\n"
        "server.start(state=StateDir(path=Path(sys.argv[1])), port=int(sys.argv[2]), engine=sys.argv[3])\n"
        "time.sleep(60)"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(state.path), str(port), STUB], cwd=PACKAGE_ROOT)


def connects(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
