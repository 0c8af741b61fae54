"""Roles, policies and keys."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cases.ground import Case, Ground, fixed, policy, trust


def role(ground: Ground, name: str) -> Any:
    iam = ground.client("iam")
    found = iam.get_role(RoleName=name)["Role"]
    document = found["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
    return found["Description"], found["MaxSessionDuration"], document


CASES = [
    Case(
        type="aws:iam/role:Role",
        inputs=fixed(assumeRolePolicy=trust("lambda.amazonaws.com"), description="one", maxSessionDuration=7200),
        change=fixed(assumeRolePolicy=json.loads(trust("states.amazonaws.com"))),
        told=role,
        first=("one", 7200, "lambda.amazonaws.com"),
        second=("", 3600, "states.amazonaws.com"),
    ),
    Case(
        type="aws:iam/rolePolicy:RolePolicy",
        inputs=lambda ground: {"role": ground.role["name"], "name": "p", "policy": policy("s3:GetObject")},
        change=lambda ground: {"role": ground.role["name"], "name": "p", "policy": policy("s3:PutObject")},
        told=lambda ground, _id: ground.client("iam").get_role_policy(RoleName=ground.role["name"], PolicyName="p")[
            "PolicyDocument"
        ]["Statement"][0]["Action"],
        first="s3:GetObject",
        second="s3:PutObject",
    ),
    Case(
        type="aws:iam/policy:Policy",
        inputs=fixed(policy=policy("s3:GetObject")),
        change=fixed(policy=policy("s3:GetObject"), tags={"a": "b"}),
        told=lambda ground, arn: ground.client("iam").get_policy(PolicyArn=arn)["Policy"]["Tags"],
        first=[{"Key": "project", "Value": "tests"}],
        second=[{"Key": "project", "Value": "tests"}, {"Key": "a", "Value": "b"}],
    ),
    Case(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        inputs=lambda ground: {
            "role": ground.role["name"],
            "policyArn": ground.make("aws:iam/policy:Policy", "ground-policy", policy=policy("s3:GetObject"))["arn"],
        },
        change=None,
        told=lambda ground, _id: len(
            ground.client("iam").list_attached_role_policies(RoleName=ground.role["name"])["AttachedPolicies"]
        ),
        first=1,
    ),
    Case(
        type="aws:kms/key:Key",
        inputs=fixed(description="one", enableKeyRotation=True, deletionWindowInDays=7),
        change=fixed(description="two", isEnabled=False, deletionWindowInDays=7),
        told=lambda ground, key: [
            (found := ground.client("kms").describe_key(KeyId=key)["KeyMetadata"])["Description"],
            found["Enabled"],
            ground.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        ],
        first=["one", True, True],
        second=["two", False, False],
    ),
    Case(
        type="aws:kms/keyPolicy:KeyPolicy",
        inputs=lambda ground: {"keyId": ground.key, "policy": policy("kms:Decrypt", Principal="*")},
        change=lambda ground: {"keyId": ground.key, "policy": policy("kms:Encrypt", Principal="*")},
        told=lambda ground, key: json.loads(
            ground.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        )["Statement"][0]["Action"],
        first="kms:Decrypt",
        second="kms:Encrypt",
    ),
    Case(
        type="aws:kms/alias:Alias",
        inputs=lambda ground: {"targetKeyId": ground.key, "name": "alias/tests"},
        change=lambda ground: {
            "targetKeyId": ground.make("aws:kms/key:Key", "other-key")["keyId"],
            "name": "alias/tests",
        },
        told=lambda ground, name: (
            ground.client("kms").describe_key(KeyId=name)["KeyMetadata"]["KeyId"]
            == ground.made["other-key" if "other-key" in ground.made else "ground-key"]["keyId"]
        ),
        first=True,
        second=True,
    ),
]
