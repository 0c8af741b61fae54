"""What the roles of a stack may do, grant by grant, and a role of a running stack without one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

_SUFFIX: Final = re.compile(r"-[0-9a-f]{7}(?=$|[:/])")
_LOG_GROUP: Final = re.compile(r"log-group:/aws/lambda/(.+)-[0-9a-f]{26}(?=:)")


@dataclass(frozen=True, kw_only=True, order=True)
class Grant:
    """One action on one resource; names are without the suffix that makes them unique."""

    role: str
    action: str
    resource: str
    condition: str


def plain(name: str) -> str:
    """A name, or what an ARN names, without unique suffixes, Region and account."""
    return _LOG_GROUP.sub(r"log-group:\1-logs", _SUFFIX.sub("", name.split(":", 5)[-1]))


def role_name(physical: str) -> str:
    """The name of a role as the use cases know it."""
    return plain(physical).removesuffix("-role")


def grants_of(role: str, documents: Iterable[Mapping[str, Any]]) -> Iterator[Grant]:
    """Each grant of a role's policies."""
    for document in documents:
        for statement in document["Statement"]:
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield Grant(role=role, action=action, resource=plain(resource), condition=_condition(statement))


class Roles:
    """The roles of a running stack."""

    def __init__(self, iam: Any) -> None:
        self._iam = iam
        pages = iam.get_paginator("list_roles").paginate()
        self._physical = {role_name(role["RoleName"]): role["RoleName"] for page in pages for role in page["Roles"]}

    def grants(self) -> set[Grant]:
        """What all roles may do."""
        return {grant for role in self._physical for grant in grants_of(role, self._policies(role).values())}

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """The role lacks the grant for the length of a block."""
        whole = self._policies(grant.role)
        try:
            for name, document in whole.items():
                left = lessened(document, grant)
                if left != document["Statement"]:
                    self._put(grant.role, name, {**document, "Statement": left})
            yield
        finally:
            for name, document in whole.items():
                self._put(grant.role, name, document)

    def _policies(self, role: str) -> dict[str, dict[str, Any]]:
        physical = self._physical[role]
        names = self._iam.list_role_policies(RoleName=physical)["PolicyNames"]
        found = {name: self._iam.get_role_policy(RoleName=physical, PolicyName=name) for name in names}
        return {name: policy["PolicyDocument"] for name, policy in found.items()}

    def _put(self, role: str, name: str, document: Mapping[str, Any]) -> None:
        physical = self._physical[role]
        if document["Statement"]:
            self._iam.put_role_policy(RoleName=physical, PolicyName=name, PolicyDocument=json.dumps(document))
        else:
            self._iam.delete_role_policy(RoleName=physical, PolicyName=name)


def lessened(document: Mapping[str, Any], grant: Grant) -> list[dict[str, Any]]:
    """The statements of a policy without one grant; all others are kept."""
    kept: list[dict[str, Any]] = []
    for statement in document["Statement"]:
        actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
        left = [each for each in resources if plain(each) != grant.resource]
        if grant.action not in actions or left == resources or _condition(statement) != grant.condition:
            kept.append(statement)
            continue
        others = [each for each in actions if each != grant.action]
        kept += [{**statement, "Action": others}] if others else []
        kept += [{**statement, "Action": [grant.action], "Resource": left}] if left else []
    return kept


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _condition(statement: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{key} {operator} {', '.join(_listed(values))}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )
