"""The grants of the program as it is written, without a server."""

from __future__ import annotations

from tests.iam.grants import Grant, grants_of, role_name
from tests.iam.needs import use_case_of
from tests.infra.recording import built_stack


def declared() -> set[Grant]:
    """What the roles of the exercised use cases are granted in the stack `local`."""
    return {
        grant
        for policy in built_stack("local").of_type(":RolePolicy")
        for role in [role_name(policy.inputs["role"])]
        if use_case_of(role)
        for grant in grants_of(role, [policy.json("policy")])
    }
