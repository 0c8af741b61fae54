"""What this project takes for granted of ministack's inside. An upgrade that changes it fails here, not in
a run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from local.bridge import MODULE, Bridge
from local.mends.s3_settings import KNOWN, LISTINGS
from local.server import PACKAGE_ROOT


def source(module: str) -> ast.Module:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def uses_of_step_functions(module: str) -> set[str]:
    """The attributes that a ministack module reads of ministack's Step Functions module."""
    tree = source(module)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "ministack.services"
        for alias in node.names
        if alias.name == "stepfunctions"
    }
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
    }


def test_the_seam_was_read_in_this_version_of_ministack() -> None:
    assert version("ministack") == "1.5.33", "read the seam again (this file lists it) before another version"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("ministack.services.eventbridge", {"_resolve_state_machine_arn", "_start_execution"}),
        ("ministack.services.pipes", {"_start_execution"}),
        ("ministack.services.scheduler", set()),
        ("ministack.services.s3", set()),
        ("ministack.services.iam", set()),
        ("ministack.services.tagging", set()),
        ("ministack.services.lambda_svc", set()),
    ],
)
def test_services_call_only_what_the_bridge_has(module: str, expected: set[str]) -> None:
    assert uses_of_step_functions(module) == expected
    assert expected <= set(vars(Bridge().as_module()))


def test_the_bridge_has_the_signatures_of_the_module_that_it_stands_for() -> None:
    real = {
        node.name: [argument.arg for argument in node.args.args]
        for node in source(MODULE).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    bridge = Bridge().as_module()
    for name in ("handle_request", "reset", "get_state", "load_persisted_state", "_start_execution"):
        ours = inspect.signature(getattr(bridge, name)).parameters
        assert len(ours) == len(real[name]), f"{name}{real[name]}"
    assert inspect.iscoroutinefunction(bridge.handle_request)


def test_the_scheduler_dispatches_through_eventbridge() -> None:
    calls = [
        node.attr
        for node in ast.walk(source("ministack.services.scheduler"))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "_eb"
    ]
    assert "_invoke_target" in calls, "schedules reach the bridge by EventBridge's own dispatch"


def test_ministack_takes_the_bridge_for_its_service() -> None:
    """In a process of its own, since importing ministack changes global state (h11, logging)."""
    code = f"""
import os, sys
from local.bridge import Bridge
from local.emulator import load
bridge = Bridge()
app = load(bridge, service_token="t")
from ministack import app as module
assert callable(app)
assert module.SERVICE_REGISTRY["states"]["module"] == "stepfunctions"
assert module._get_module("stepfunctions") is sys.modules[{MODULE!r}]
from ministack.services import stepfunctions
import ministack.services.stepfunctions as again
assert stepfunctions is again is sys.modules[{MODULE!r}]
assert stepfunctions._start_execution.__self__ is bridge
try:
    load(Bridge(), service_token="t")
except RuntimeError as error:
    assert "imported before" in str(error)
else:
    raise AssertionError("a second load must be refused")
"""
    subprocess.run([sys.executable, "-c", code], cwd=PACKAGE_ROOT, check=True, timeout=60)


def test_mends_replace_functions_that_ministack_looks_up_when_it_calls() -> None:
    app = ast.unparse(source("ministack.app"))
    assert "return await mod.handle_request(method, path, headers, body, query_params)" in app
    assert app.count("_get_module('s3').handle_request(") > 0, "requests to a bucket's own host reach S3 so too"
    inner = next(
        node
        for node in ast.walk(source("ministack.app"))
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "_dispatch_service_request"
    )
    imported = {
        alias.name
        for node in ast.walk(inner)
        if isinstance(node, ast.ImportFrom) and node.module == "ministack.core.iam_actions"
        for alias in node.names
    }
    assert "pin_request_origin(" in app, "every request is noted as secure or not through this name of the module"
    assert "extract_resource_arn" in imported, "imported at each request, so that the mend is seen"


def test_s3_hashes_by_the_names_that_the_mends_replace() -> None:
    s3 = ast.unparse(source("ministack.services.s3"))
    assert "import hashlib\n" in s3
    assert s3.count("hashlib.md5(stored['body']).digest()") == 1, "what completing an upload hashes again"
    assert """upload['parts'][pn] = {'body': body, 'etag': etag,""" in s3, "a part's ETag is its body's hash"
    assert """etag = f'"{md5_hash(body)}"'""" in s3
    assert "if upload_id not in _multipart_uploads" in s3
    for name in ("_crc32c", "_crc64nvme"):
        assert f"{name}(body))" in s3


def test_hypercorn_reads_by_the_limit_that_the_mend_raises() -> None:
    assert "self.reader.read(MAX_RECV)" in ast.unparse(source("hypercorn.asyncio.tcp_server"))


def function(module: str, name: str) -> ast.FunctionDef:
    """A function or method of a module."""
    (found,) = [node for node in ast.walk(source(module)) if isinstance(node, ast.FunctionDef) and node.name == name]
    return found


def test_python_functions_run_in_our_worker_through_names_that_ministack_looks_up_when_it_calls() -> None:
    runtime, service = "ministack.core.lambda_runtime", "ministack.services.lambda_svc"
    assert "_worker_class_for(config)(func_name, config, code_zip)" in ast.unparse(function(runtime, "acquire_worker"))
    for call in (
        "worker._spawn()",  # what SnapStart calls
        "worker._lock",
    ):
        assert call in ast.unparse(function(runtime, "ensure_spawned"))
    dispatch = ast.unparse(function(service, "_execute_function_dispatch"))
    assert "result = _execute_function_warm(func, event, request_id)" in dispatch
    warm = ast.unparse(function(service, "_execute_function_warm"))
    assert "worker.invoke(event, request_id, trace_id=" in warm, "failures are found again by the request id"
    assert "result.get('trace', result.get('error', ''))" in warm, "an empty trace adds nothing to the log"


def test_the_log_of_an_invocation_is_written_through_names_that_ministack_looks_up_when_it_calls() -> None:
    service, logs = "ministack.services.lambda_svc", "ministack.services.cloudwatch_logs"
    emit = function(service, "_emit_lambda_logs").args
    assert [a.arg for a in emit.args] == ["func", "request_id", "log_text", "error", "duration_ms"]
    assert [a.arg for a in emit.kwonlyargs] == ["log_source"]
    assert "_emit_lambda_logs(func, request_id," in ast.unparse(function(service, "_execute_function_dispatch"))
    slot = ast.unparse(function(service, "_acquire_execution_slot"))
    assert "_inflight[key] = _inflight.get(key, 0) + 1" in slot
    assert "return (key, None)" in slot
    execute = ast.unparse(function(service, "_execute_function"))
    assert "_acquire_execution_slot(func, config)" in execute
    assert "_emit_lambda_metrics(fn_name, duration_ms=0.0, error=False, throttle=True)" in execute
    invoke = next(
        node for node in ast.walk(source(service)) if isinstance(node, ast.AsyncFunctionDef) and node.name == "_invoke"
    )
    assert ast.unparse(invoke).count("_emit_lambda_metrics(name, duration_ms=") == 2
    given = [a.arg for a in function(service, "_emit_lambda_metrics").args.args]
    assert given == ["function_name", "duration_ms", "error", "throttle"]
    for name, given in (
        ("_fanout_to_subscription_filters", ["group_name", "stream_name", "events"]),
        ("_make_group_arn_no_star", ["name"]),
        ("_filter_log_events", ["data"]),
        ("_create_log_group", ["data"]),
    ):
        assert [a.arg for a in function(logs, name).args.args] == given, name
    append = ast.unparse(function(logs, "_append_log_events"))
    for fact in ("with _log_events_lock", "stream['events']", "stream['lastIngestionTime']"):
        assert fact in append, fact
    assert "nextToken" not in ast.unparse(function(logs, "_filter_log_events")), "it has pages now: drop the mend"
    handlers = ast.unparse(next(n for n in source(logs).body if isinstance(n, ast.AsyncFunctionDef)))
    assert "'FilterLogEvents': _filter_log_events" in handlers
    assert [a.arg for a in function("ministack.core.iam_evaluator", "_gather_role_policies").args.args] == [
        "role_name",
        "account_id",
    ]


def test_our_worker_takes_what_ministacks_own_is_given() -> None:
    ours = ast.parse((PACKAGE_ROOT / "local/mends/function_worker.py").read_text())
    (invoke,) = [node for node in ast.walk(ours) if isinstance(node, ast.FunctionDef) and node.name == "invoke"]
    theirs = next(
        node
        for node in ast.walk(source("ministack.core.lambda_runtime"))
        if isinstance(node, ast.FunctionDef) and node.name == "invoke"
    )
    for side in ("args", "kwonlyargs"):
        assert [a.arg for a in getattr(invoke.args, side)] == [a.arg for a in getattr(theirs.args, side)]


def test_rules_schedules_and_pipes_reach_their_targets_through_names_that_are_looked_up() -> None:
    events, pipes = "ministack.services.eventbridge", "ministack.services.pipes"
    for caller in ("_dispatch_event", "_tick_scheduled_rules"):
        assert "_invoke_target(target, event, rule, view)" in ast.unparse(function(events, caller)), caller
    tick = ast.unparse(function("ministack.services.scheduler", "_tick_schedules"))
    assert "_eb._invoke_target(target, event, sched)" in tick
    deliver = ast.unparse(function(pipes, "_deliver_batch"))
    assert "_start_state_machine_from_records(target_arn, pipe, batch)" in deliver
    assert "return False" in ast.unparse(function(pipes, "_start_state_machine_from_records"))
    assert [a.arg for a in function(events, "_put_events").args.args] == ["data", "allow_aws_source"]


def test_alarms_and_metrics_go_through_names_that_ministack_looks_up_when_it_calls() -> None:
    cloudwatch = "ministack.services.cloudwatch"
    for caller in ("_evaluate_all_alarms", "_put_metric_alarm"):
        assert "_evaluate_alarm(alarm)" in ast.unparse(function(cloudwatch, caller)), caller
    assert "_evaluate_all_alarms()" in ast.unparse(function(cloudwatch, "_put_metric_data"))
    for name, given in (
        ("_record_history", ["alarm_name", "old_state", "new_state", "reason"]),
        ("_dispatch_alarm_actions", ["alarm", "old_state", "new_state", "reason"]),
        ("_evaluate_parent_alarms", ["child"]),
        ("_stat_value", ["stats", "stat_name", "points"]),
        ("record_metric", ["namespace", "metric_name", "value", "unit", "dimensions"]),
    ):
        assert [a.arg for a in function(cloudwatch, name).args.args][: len(given)] == given, name
    emit = ast.unparse(function("ministack.services.lambda_svc", "_emit_lambda_metrics"))
    assert "_cw.record_metric('AWS/Lambda', 'Duration', duration_ms, 'Milliseconds', dims)" in emit


def test_ministack_starts_a_workers_process_as_ours_expects() -> None:
    tree = source("ministack.core.lambda_runtime")
    (worker,) = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == "Worker"]
    spawn = ast.unparse(next(n for n in worker.body if isinstance(n, ast.FunctionDef) and n.name == "_spawn"))
    for fact in (
        "_detect_runtime_binary(runtime)",
        "stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE",
        "target=self._read_stderr",
        "'code_dir': code_dir, 'module': module_name, 'handler': handler_name",
        "response.get('status') != 'ready'",
        "spawn_env['_LAMBDA_LAYERS_DIRS']",
        "spawn_env.setdefault('AWS_LAMBDA_LOG_STREAM_NAME'",
    ):
        assert fact in spawn, fact


def test_ministack_knows_the_bucket_settings_that_the_mend_lets_through() -> None:
    dispatch = next(
        node
        for node in ast.walk(source("ministack.services.s3"))
        if isinstance(node, ast.FunctionDef) and node.name == "_dispatch"
    )
    tested = {
        node.left.value
        for node in ast.walk(dispatch)
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and isinstance(node.ops[0], ast.In)
    }
    assert tested >= KNOWN
    assert not tested & set(LISTINGS), "ministack handles these now: drop the mend"


def test_hypercorn_serves_on_an_inherited_socket() -> None:
    tree = importlib.util.find_spec("hypercorn.config")
    assert tree is not None
    assert tree.origin is not None
    assert '"fd://"' in Path(tree.origin).read_text(), "the server hands its bound socket to hypercorn"
