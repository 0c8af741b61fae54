"""The whole program, built with each stack's own config: what holds for every resource of every stack."""

from __future__ import annotations

import json
from functools import cache

import pytest

from asl import policy_problems
from tests.infra.recording import ACCOUNT, STACKS, Built, Resource, build, built_stack, stack_config, whole_program
from usecases.registry import USE_CASES

# Inputs that would give a resource the same physical name in every stack.
NAME_INPUTS = ("name", "bucket", "dashboardName", "functionName")
# Names inside a resource that has a unique name of its own.
INNER_NAMES = {"aws:s3/bucketMetric:BucketMetric", "aws:s3/inventory:Inventory"}
OWNERS = {"bucket": {"aws:s3/bucket:Bucket"}, "functionName": {"aws:lambda/function:Function"}}  # others refer to it
NOT_TAGGABLE = {
    "BucketLifecycleConfiguration",
    "BucketMetric",
    "BucketNotification",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketPublicAccessBlock",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
    "Dashboard",
    "EventTarget",
    "KeyPolicy",
    "LogMetricFilter",
    "QueuePolicy",
    "RedriveAllowPolicy",
    "RolePolicy",
    "TopicPolicy",
    "TopicSubscription",
}

all_stacks = pytest.mark.parametrize("stack", STACKS)


def resources(stack: str) -> list[Resource]:
    return [resource for resource in built_stack(stack).resources if not resource.is_component]


@all_stacks
def test_every_enabled_use_case_exports_what_its_users_need(stack: str):
    exports = built_stack(stack).exports()
    assert set(exports) == {"alerts_topic_arn", *USE_CASES}
    for name, use_case in USE_CASES.items():
        outputs = exports[name]
        assert outputs["state_machine_arn"].startswith(f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:")
        assert all(isinstance(value, str) and value for value in outputs.values())
        use_case.execution_input(outputs, {})  # finds every output that it takes


@all_stacks
def test_every_taggable_resource_says_whose_it_is(stack: str):
    config = stack_config(stack)
    expected = {
        "project": "distmap",
        "stack": stack,
        "owner": config["distmap:owner"],
        "cost-centre": config["distmap:cost_centre"],
    }
    for resource in resources(stack):
        if resource.type.rsplit(":", 1)[1] in NOT_TAGGABLE:
            assert "tags" not in resource.inputs, f"AWS takes no tags for {resource.name}"
        else:
            assert resource.inputs.get("tags") == expected, f"{resource.name} has other tags"


@all_stacks
def test_no_bucket_is_public(stack: str):
    built = built_stack(stack)
    buckets = [bucket.inputs.get("bucket", f"{bucket.name}-1a2b3c4") for bucket in built.of_type(":Bucket")]
    assert len(buckets) == 2 * len(USE_CASES), "input and results"
    blocked = {
        block.inputs["bucket"]
        for block in built.of_type(":BucketPublicAccessBlock")
        if all(
            block.inputs[setting]
            for setting in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        )
    }
    assert blocked == set(buckets)


@all_stacks
def test_no_resource_policy_lets_everybody_in(stack: str):
    built = built_stack(stack)
    policies = [
        *built.of_type(":BucketPolicy"),
        *built.of_type(":TopicPolicy"),
        *built.of_type(":KeyPolicy"),
    ]
    assert len(policies) == 2 * len(USE_CASES) + 2
    for policy in policies:
        for statement in policy.json("policy")["Statement"]:
            assert statement["Effect"] == "Deny" or statement["Principal"] != "*", policy.name


@all_stacks
def test_every_identity_policy_grants_no_more_than_allowed(stack: str):
    policies = built_stack(stack).of_type(":RolePolicy")
    assert policies
    for policy in policies:
        assert policy_problems(policy.json("policy")) == [], policy.name
    assert built_stack(stack).of_type(":RolePolicyAttachment") == [], "managed policies grant too much"


@all_stacks
def test_no_physical_name_is_fixed(stack: str):
    for resource in resources(stack):
        if resource.type in INNER_NAMES:
            continue
        for name in NAME_INPUTS:
            value = resource.inputs.get(name)
            if value is None or resource.type not in OWNERS.get(name, {resource.type}):
                continue
            assert stack in value, f"{resource.name} would be called {value!r} in every stack"


@all_stacks
def test_every_component_registers_its_outputs_and_has_children(stack: str):
    built = built_stack(stack)
    components = [resource for resource in built.resources if resource.is_component]
    assert components
    for component in components:
        assert any(outputs for urn, outputs in built.outputs.items() if is_urn_of(urn, component)), component.name
    for resource in resources(stack):
        assert "distmap:components:" in resource.parent, f"{resource.name} has no component as its parent"
        assert resource.name.startswith(resource.parent.rsplit("::", 1)[1]), "children are named after it"


def is_urn_of(urn: str, resource: Resource) -> bool:
    return urn.endswith(f"{resource.type}::{resource.name}")


@all_stacks
def test_every_alarm_reaches_the_topic_when_it_starts_and_when_it_ends(stack: str):
    built = built_stack(stack)
    topic = built.exports()["alerts_topic_arn"]
    alarms = built.of_type(":MetricAlarm")
    assert alarms
    for alarm in alarms:
        assert alarm.inputs["alarmActions"] == [topic], alarm.name
        assert alarm.inputs["okActions"] == [topic], alarm.name
        assert alarm.inputs["alarmDescription"], "whoever is woken by it must be told what it means"


def test_prod_neither_destroys_data_nor_logs_it():
    built = built_stack("prod")
    for bucket in built.of_type(":Bucket"):
        assert bucket.inputs["forceDestroy"] is False
        assert bucket.protect, "Pulumi must refuse to delete the bucket"
    for machine in built.of_type(":StateMachine"):
        assert machine.inputs["loggingConfiguration"]["includeExecutionData"] is False
        assert machine.inputs["loggingConfiguration"]["level"] == "ERROR"
    for table in built.of_type(":Table"):
        assert table.protect
        assert table.inputs["deletionProtectionEnabled"] is True
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert [subscription.inputs["endpoint"] for subscription in built.of_type(":TopicSubscription")]


def test_prod_refuses_to_become_disposable():
    config = {**stack_config("prod"), "distmap:disposable": "true"}
    with pytest.raises(ValueError, match="disposable and deletion_protection exclude each other"):
        build(whole_program, stack="prod", config=config)


def test_dev_is_disposable_and_logs_everything():
    built = built_stack("dev")
    assert all(bucket.inputs["forceDestroy"] is True for bucket in built.of_type(":Bucket"))
    assert not any(bucket.protect for bucket in built.of_type(":Bucket"))
    assert {one.inputs["loggingConfiguration"]["level"] for one in built.of_type(":StateMachine")} == {"ALL"}
    assert {table.inputs["deletionProtectionEnabled"] for table in built.of_type(":Table")} == {False}


def test_prod_keeps_logs_longer_than_dev():
    retention = {}
    for stack in STACKS:
        (retention[stack],) = {group.inputs["retentionInDays"] for group in built_stack(stack).of_type(":LogGroup")}
    assert retention["local"] < retention["dev"] < retention["prod"]


def test_dev_starts_nothing_by_itself():
    built = built_stack("dev")
    assert built.of_type(":Schedule") == []
    assert built.of_type(":EventRule") == []


@pytest.mark.parametrize("name", USE_CASES)
def test_a_use_case_that_is_switched_off_leaves_nothing(name: str):
    built = build(whole_program, stack="dev", config={**stack_config("dev"), f"distmap:{name}_enabled": "false"})
    assert not [resource.name for resource in built.resources if resource.name.startswith(name.replace("_", "-"))]
    assert set(built.exports()) == {"alerts_topic_arn", *USE_CASES} - {name}


@cache
def dev_with(use_case: str, **config: str) -> Built:
    """The dev stack with that use case alone and these values of its keys."""
    enabled = {f"distmap:{name}_enabled": str(name == use_case).lower() for name in USE_CASES}
    own = {f"distmap:{use_case}_{key}": value for key, value in config.items()}
    return build(whole_program, stack="dev", config={**stack_config("dev"), **enabled, **own})


def test_a_schedule_starts_hello_with_its_own_data():
    built = dev_with("hello", schedule="rate(1 day)")
    schedule = built.one(":Schedule")
    assert schedule.inputs["scheduleExpression"] == "rate(1 day)"
    target = schedule.inputs["target"]
    assert target["arn"] == built.exports()["hello"]["state_machine_arn"]
    assert json.loads(target["input"]) == {"key": "reviews/reviews.csv", "output": "results"}


def test_an_object_that_arrives_starts_hello_with_its_key():
    built = dev_with("hello", on_object_created="true")
    pattern = built.one(":EventRule").json("eventPattern")
    assert pattern["detail"]["bucket"] == {"name": [built.exports()["hello"]["input_bucket"]]}
    assert pattern["detail"]["object"] == {"key": [{"wildcard": "reviews/*.csv"}]}
    transformer = built.one(":EventTarget").inputs["inputTransformer"]
    template = transformer["inputTemplate"].replace("<key>", '"reviews/a.csv"')
    assert json.loads(template) == {"key": "reviews/a.csv", "output": "results"}
    assert transformer["inputPaths"] == {"key": "$.detail.object.key"}
    notified = built.one(":BucketNotification").inputs
    assert notified == {"bucket": built.exports()["hello"]["input_bucket"], "eventbridge": True}


def test_the_knobs_of_the_stack_are_the_defaults_of_the_machine():
    built = dev_with("hello", batch_size="7", max_concurrency="0")
    merged = built.one(":StateMachine").json("definition")["States"]["Defaults"]["Parameters"]["input.$"]
    assert '"batch_size":7' in merged
    assert '"max_concurrency":0' in merged, "zero is a value: the service's own limit"


def test_a_schedule_lists_the_stations_whatever_the_stack_says():
    built = dev_with("noaa", schedule="rate(1 day)", source="inventory")
    assert json.loads(built.one(":Schedule").inputs["target"]["input"]) == {
        "prefix": "csv/by_station/",
        "output": "results",
        "source": "listing",
    }, "no schedule can name an inventory that is yet to be written"


def test_the_function_of_noaa_may_read_stations_and_put_items_and_nothing_else():
    built = dev_with("noaa")
    exports = built.exports()["noaa"]
    bucket = f"arn:aws:s3:::{exports['input_bucket']}"
    granted = {
        (action, resource)
        for statement in built.one(":RolePolicy", "noaa-stations-policy").json("policy")["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action.startswith(("s3:", "dynamodb:"))
    }
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{exports['table_name']}"
    assert granted == {
        ("s3:GetObject", f"{bucket}/csv/by_station/*"),
        ("s3:ListBucket", bucket),
        ("dynamodb:PutItem", table),
    }
    assert built.one(":Function").inputs["environment"] == {"variables": {"TABLE_NAME": exports["table_name"]}}


def test_the_options_of_noaa_reach_its_function():
    function = dev_with("noaa", memory_mb="3008", reserved_concurrency="50").one(":Function").inputs
    assert (function["memorySize"], function["reservedConcurrentExecutions"]) == (3_008, 50)
    assert "reservedConcurrentExecutions" not in dev_with("noaa").one(":Function").inputs, "0 reserves none"


def granted_to(built: Built, function: str) -> set[tuple[str, str]]:
    """What the function's role may do to data, and to which."""
    return {
        (action, resource)
        for statement in built.one(":RolePolicy", f"{function}-policy").json("policy")["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if action.startswith(("s3:", "dynamodb:", "sqs:"))
    }


def test_each_function_of_claims_may_do_its_own_part_and_nothing_else():
    built = dev_with("claims")
    exports = built.exports()["claims"]
    files, results = (f"arn:aws:s3:::{exports[name]}" for name in ("input_bucket", "results_bucket"))
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{exports['table_name']}"
    assert granted_to(built, "claims-load") == {
        ("s3:GetObject", f"{files}/claims/*"),
        ("s3:ListBucket", files),
        ("s3:PutObject", f"{results}/work/*"),
        ("dynamodb:BatchWriteItem", table),
    }
    assert granted_to(built, "claims-rules") == {
        ("s3:GetObject", f"{results}/work/*"),
        ("dynamodb:BatchGetItem", table),
        ("dynamodb:PartiQLUpdate", table),
    }


def test_the_rules_of_the_stack_reach_the_function_that_decides_and_who_verifies():
    built = dev_with(
        "claims", limit="250", currency="EUR", evidence="2", evidence_words="an invoice", rules_version="7"
    )
    variables = built.one(":Function", "claims-rules-function").inputs["environment"]["variables"]
    rules = {"version": "7", "limit": 250, "currency": "EUR", "evidence": 2, "evidence_words": "an invoice"}
    assert json.loads(variables["RULES"]) == rules
    assert json.loads(built.exports()["claims"]["rules"]) == rules


def test_what_children_leave_for_their_next_state_is_kept_for_as_long_as_a_run_can_be_redriven():
    rules = dev_with("claims").one(":BucketLifecycleConfiguration", "claims-results-lifecycle").inputs["rules"]
    assert 14 in [
        rule["expiration"]["days"]
        for rule in rules
        if rule.get("filter") == {"prefix": "work/"} and "expiration" in rule
    ]


def test_a_schedule_starts_claims_on_all_its_files():
    target = dev_with("claims", schedule="rate(1 day)").one(":Schedule").inputs["target"]
    assert json.loads(target["input"]) == {"prefix": "claims/", "output": "results"}


def granted(built: Built, policy: str) -> set[tuple[str, str]]:
    """What a policy allows, but for logs and traces."""
    return {
        (action, resource)
        for statement in built.one(":RolePolicy", policy).json("policy")["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not action.startswith(("logs:", "xray:"))
    }


def test_each_part_of_ssn_scan_may_do_its_own_part_and_nothing_else():
    built = dev_with("ssn_scan")
    bucket = f"arn:aws:s3:::{built.exports()['ssn_scan']['input_bucket']}"
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:ssn-scan-findings-queue-1a2b3c4"
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{built.exports()['ssn_scan']['table_name']}"
    single = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:ssn-scan-single-function-1a2b3c4"
    assert granted(built, "ssn-scan-single-policy") == {
        ("s3:GetObject", f"{bucket}/texts/*"),
        ("s3:GetObject", f"{bucket}/arrivals/*"),
        ("s3:ListBucket", bucket),
    }
    assert granted(built, "ssn-scan-batch-policy") == {
        ("s3:GetObject", f"{bucket}/texts/*"),
        ("s3:ListBucket", bucket),
        ("sqs:SendMessage", queue),
    }
    assert granted(built, "ssn-scan-collect-policy") == {
        ("sqs:ReceiveMessage", queue),
        ("sqs:DeleteMessage", queue),
        ("sqs:GetQueueAttributes", queue),
        ("dynamodb:PutItem", table),
    }
    machine = granted(built, "ssn-scan-object-policy")
    assert {action for action, _ in machine} == {"lambda:InvokeFunction", "sqs:SendMessage"}
    assert {resource.removesuffix(":*") for _, resource in machine} == {single, queue}


def test_an_object_that_arrives_starts_the_scan_of_it_with_the_whole_event():
    built = dev_with("ssn_scan", on_object_created="true")
    pattern = built.one(":EventRule").json("eventPattern")
    assert pattern["detail"]["object"] == {"key": [{"wildcard": "arrivals/*"}]}
    target = built.one(":EventTarget").inputs
    assert target["arn"] == built.exports()["ssn_scan"]["object_state_machine_arn"]
    assert "inputTransformer" not in target, "the machine reads the event itself"
    assert built.exports()["ssn_scan"]["arrivals_watched"] == "true"
    assert dev_with("ssn_scan").exports()["ssn_scan"]["arrivals_watched"] == "false"
