"""Functions, what becomes of their asynchronous invocations, and who may invoke them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

from local.provider.archive import Archive
from local.provider.failures import InvalidPropertyError, ProviderError
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, PutResource, Resource, State, existing, only, retag
from local.provider.shapes import from_aws, to_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.context import Context

READY_SECONDS = 30
POLL_SECONDS = 0.02

# Properties that are a member of the same name in the request, and the member's name
CONFIGURATION = {
    "description": "Description",
    "handler": "Handler",
    "kmsKeyArn": "KMSKeyArn",
    "layers": "Layers",
    "memorySize": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
    "environment": "Environment",
    "ephemeralStorage": "EphemeralStorage",
    "deadLetterConfig": "DeadLetterConfig",
    "loggingConfig": "LoggingConfig",
    "tracingConfig": "TracingConfig",
}
CODE = ("code", "s3Bucket", "s3Key", "s3ObjectVersion")


class Function(Resource):
    """A function from a zip archive. Its id is its name."""

    type = "aws:lambda/function:Function"
    takes = frozenset(
        {
            *CONFIGURATION,
            *CODE,
            *("architectures", "name", "packageType", "publish", "reservedConcurrentExecutions", "skipDestroy"),
            "sourceCodeHash",
        }
    )
    needs = frozenset({"role", "handler", "runtime"})
    replace_on = frozenset({"name", "packageType"})
    naming = Naming(limit=64, prefix_property=None)
    tagged = True

    def prepare(self, logical: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
        inputs = super().prepare(logical, given, previous, ctx)
        if given.get("packageType", "Zip") != "Zip":
            raise InvalidPropertyError(
                "property packageType must be Zip: images need Docker, which localhost does without"
            )
        if ("code" in given) == ("s3Bucket" in given):
            raise InvalidPropertyError("a function takes either code or s3Bucket and s3Key")
        return inputs

    def create(self, inputs: Properties, ctx: Context) -> str:
        name: str = inputs["name"]
        functions = ctx.client("lambda")
        functions.create_function(
            FunctionName=name,
            Code=_code(inputs),
            Architectures=inputs.get("architectures") or ["x86_64"],
            Publish=bool(inputs.get("publish")),
            Tags=dict(inputs["tagsAll"]),
            **_configuration(inputs, functions),
        )
        _wait_ready(functions, name)
        self._reserve(name, inputs, ctx)
        return name

    def _reserve(self, name: str, inputs: Properties, ctx: Context) -> None:
        reserved = inputs.get("reservedConcurrentExecutions")
        if reserved is not None and reserved >= 0:  # -1 reserves none
            ctx.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("lambda").get_function(FunctionName=it.id))
        if answer is None:
            return None
        found = answer["Configuration"]
        arn: str = found["FunctionArn"]
        prefix = f"arn:aws:apigateway:{ctx.region}:lambda:path/2015-03-31/functions"
        qualified = f"{arn}:{found['Version']}"
        told = {
            name: from_aws(found[member])
            for name, member in CONFIGURATION.items()
            if name in it.inputs and member in found
        }
        return {
            **it.inputs,
            **told,
            "name": it.id,
            "arn": arn,
            "invokeArn": f"{prefix}/{arn}/invocations",
            "qualifiedArn": qualified,
            "qualifiedInvokeArn": f"{prefix}/{qualified}/invocations",
            "version": found["Version"],
            "lastModified": found["LastModified"],
            "codeSha256": found["CodeSha256"],
            "sourceCodeSize": found["CodeSize"],
            "architectures": found.get("Architectures", ["x86_64"]),
            "memorySize": found["MemorySize"],
            "timeout": found["Timeout"],
            "tagsAll": answer.get("Tags", {}),
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        functions = ctx.client("lambda")
        changed = self.difference(it.inputs, new).changed
        if changed & {*CODE, "sourceCodeHash", "architectures"}:
            architectures = new.get("architectures") or ["x86_64"]
            functions.update_function_code(FunctionName=it.id, Architectures=architectures, **_code(new))
            _wait_ready(functions, it.id)
        if changed & CONFIGURATION.keys():
            functions.update_function_configuration(
                FunctionName=it.id, **_reset(it.inputs, new), **_configuration(new, functions)
            )
            _wait_ready(functions, it.id)
        if "reservedConcurrentExecutions" in changed:
            functions.delete_function_concurrency(FunctionName=it.id)
            self._reserve(it.id, new, ctx)
        if changed and new.get("publish"):
            functions.publish_version(FunctionName=it.id)
        arn = f"arn:aws:lambda:{ctx.region}:{ctx.account}:function:{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: functions.tag_resource(Resource=arn, Tags=tags),
            untag=lambda keys: functions.untag_resource(Resource=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        if not it.inputs.get("skipDestroy"):
            ctx.client("lambda").delete_function(FunctionName=it.id)


def _code(inputs: Properties) -> dict[str, Any]:
    if "code" in inputs:
        archive = inputs["code"]
        if not isinstance(archive, Archive):
            raise InvalidPropertyError(f"property code must be an archive, got {type(archive).__name__}")
        return {"ZipFile": archive.content}
    members = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {member: inputs[name] for name, member in members.items() if inputs.get(name) is not None}


def _configuration(inputs: Properties, functions: Any) -> dict[str, Any]:
    shape = functions.meta.service_model.operation_model("UpdateFunctionConfiguration").input_shape
    given = {member: inputs[name] for name, member in CONFIGURATION.items() if inputs.get(name) is not None}
    return {member: to_aws(value, shape.members[member], member) for member, value in given.items()}


def _reset(old: Properties, new: Properties) -> dict[str, Any]:
    """What takes a setting back that the new inputs do not name."""
    defaults: dict[str, Any] = {
        "description": "",
        "kmsKeyArn": "",
        "layers": [],
        "memorySize": 128,
        "timeout": 3,
        "environment": {"Variables": {}},
        "ephemeralStorage": {"Size": 512},
        "deadLetterConfig": {"TargetArn": ""},
        "loggingConfig": {"LogFormat": "Text"},
        "tracingConfig": {"Mode": "PassThrough"},
    }
    gone = [name for name in defaults if old.get(name) is not None and new.get(name) is None]
    return {CONFIGURATION[name]: defaults[name] for name in gone}


def _wait_ready(functions: Any, name: str) -> None:
    """Return when the function can be invoked and changed."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        found = functions.get_function_configuration(FunctionName=name)
        states = {found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")}
        if not states - {"Active", "Successful"}:
            return
        if "Failed" in states or time.monotonic() > deadline:
            reason = (
                found.get("StateReason") or found.get("LastUpdateStatusReason") or f"not ready after {READY_SECONDS} s"
            )
            raise ProviderError(f"function {name} is not usable: {reason}")
        time.sleep(POLL_SECONDS)


class EventInvokeConfig(PutResource):
    """Retries and destinations of asynchronous invocations. Its id is the function's name, or
    ``name:qualifier``.
    """

    type = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    takes = frozenset(
        {"functionName", "destinationConfig", "maximumEventAgeInSeconds", "maximumRetryAttempts", "qualifier"}
    )
    needs = frozenset({"functionName"})
    replace_on = frozenset({"functionName", "qualifier"})

    def identity(self, inputs: Properties) -> str:
        name: str = inputs["functionName"]
        return f"{name}:{inputs['qualifier']}" if inputs.get("qualifier") else name

    def put(self, inputs: Properties, ctx: Context) -> None:
        functions = ctx.client("lambda")
        shape = functions.meta.service_model.operation_model("PutFunctionEventInvokeConfig").input_shape
        given = only(inputs, *self.takes)
        functions.put_function_event_invoke_config(**to_aws(given, shape, "eventInvokeConfig"))

    def read(self, it: Existing, ctx: Context) -> State | None:
        target = _target(it.id)
        answer = existing(lambda: ctx.client("lambda").get_function_event_invoke_config(**target))
        if answer is None:
            return None
        told = from_aws(answer)
        return {**it.inputs, **only(told, "maximumEventAgeInSeconds", "maximumRetryAttempts")}

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("lambda").delete_function_event_invoke_config(**_target(it.id))


def _target(identity: str) -> dict[str, str]:
    """The function, and its version or alias, that an id names. The id may start with an ARN."""
    name, _, qualifier = identity.partition(":") if not identity.startswith("arn:") else (identity, "", "")
    return {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}


class Permission(Resource):
    """One statement of a function's policy. Its id is the statement's."""

    type = "aws:lambda/permission:Permission"
    takes = frozenset(
        {
            *("action", "function", "principal", "eventSourceToken", "principalOrgId", "qualifier"),
            *("sourceAccount", "sourceArn", "statementId", "statementIdPrefix"),
        }
    )
    needs = frozenset({"action", "function", "principal"})
    replace_on = takes
    naming = Naming(limit=100, property="statementId", prefix_property="statementIdPrefix")
    renames: ClassVar[Mapping[str, str]] = {"function": "FunctionName", "principalOrgId": "PrincipalOrgID"}

    def create(self, inputs: Properties, ctx: Context) -> str:
        functions = ctx.client("lambda")
        shape = functions.meta.service_model.operation_model("AddPermission").input_shape
        given = only(inputs, *(self.takes - {"statementIdPrefix"}))
        functions.add_permission(**to_aws(given, shape, "permission", self.renames))
        identity: str = inputs["statementId"]
        return identity

    def read(self, it: Existing, ctx: Context) -> State | None:
        qualifier = {"Qualifier": it.inputs["qualifier"]} if it.inputs.get("qualifier") else {}
        answer = existing(lambda: ctx.client("lambda").get_policy(FunctionName=it.inputs["function"], **qualifier))
        statements = [] if answer is None else json.loads(answer["Policy"])["Statement"]
        return {**it.inputs} if any(statement["Sid"] == it.id for statement in statements) else None

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        """Every property replaces it."""

    def delete(self, it: Existing, ctx: Context) -> None:
        qualifier = {"Qualifier": it.inputs["qualifier"]} if it.inputs.get("qualifier") else {}
        ctx.client("lambda").remove_permission(FunctionName=it.inputs["function"], StatementId=it.id, **qualifier)
