"""Values of other resources that a definition or a policy names, known or not.

A component is given ``references`` and pure functions of the plain strings they resolve to. A reference is named
for what it is (``results_bucket_arn``, ``load_function_arn``), so that in a preview, where its value is not known,
a placeholder of the same kind lets the definition be checked before anything is deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import pulumi

if TYPE_CHECKING:
    from collections.abc import Callable

References: TypeAlias = Mapping[str, pulumi.Input[str]]

# What stands for a reference whose value is not known, by the end of its name.
PLACEHOLDERS = {
    "bucket_arn": "arn:aws:s3:::example",
    "function_arn": "arn:aws:lambda:us-east-1:000000000000:function:example",
    "queue_arn": "arn:aws:sqs:us-east-1:000000000000:example",
    "queue_url": "https://sqs.us-east-1.amazonaws.com/000000000000/example",
    "table_arn": "arn:aws:dynamodb:us-east-1:000000000000:table/example",
    "table_name": "example",
    "key_arn": "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
    "activity_arn": "arn:aws:states:us-east-1:000000000000:activity:example",
    "cluster_arn": "arn:aws:ecs:us-east-1:000000000000:cluster/example",
    "service_arn": "arn:aws:ecs:us-east-1:000000000000:service/example/example",
    "task_definition_arn": "arn:aws:ecs:us-east-1:000000000000:task-definition/example:1",
    "machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:example",
    "role_arn": "arn:aws:iam::000000000000:role/example",
}


def placeholders(references: References) -> dict[str, str]:
    """A value of the right kind for each reference; ValueError for a name that does not tell its kind."""
    values = {}
    for name in references:
        kind = next((ending for ending in PLACEHOLDERS if name.endswith(ending)), None)
        if kind is None:
            raise ValueError(f"reference {name!r} must end in one of {', '.join(PLACEHOLDERS)}")
        values[name] = PLACEHOLDERS[kind]
    return values


def resolve(references: References, render: Callable[..., Any]) -> pulumi.Output[Any]:
    """``render(**values)`` once every reference is known."""
    return pulumi.Output.from_input(dict(references)).apply(lambda values: render(**values))


def after(resource: pulumi.Resource, output: pulumi.Output[str]) -> pulumi.Output[str]:
    """``output``, once ``resource`` exists."""
    return pulumi.Output.all(output, resource.urn).apply(lambda known: str(known[0]))
