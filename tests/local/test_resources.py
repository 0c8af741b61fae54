"""Each type of the resource table on a real endpoint: made, told, changed, told, deleted, gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.provider import lifecycle
from local.provider.resource import Existing
from local.provider.table import RESOURCES
from tests.local.cases import buckets, compute, identity, messages, networks, tables, triggers, watching, workers
from tests.local.cases.ground import Case, Ground

if TYPE_CHECKING:
    from local.provider.context import Context

MODULES = (buckets, compute, identity, messages, networks, tables, triggers, watching, workers)
CASES = [case for module in MODULES for case in module.CASES]

# Types that leave something on the endpoint when they are deleted, as on AWS.
KEPT_AFTER_DELETION = {
    "aws:s3/bucketVersioning:BucketVersioning",  # suspended
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",  # S3's default
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",  # told as open
    "aws:s3/bucketNotification:BucketNotification",  # empty
    "aws:sns/topicPolicy:TopicPolicy",  # the policy of a new topic
    "aws:kms/keyPolicy:KeyPolicy",  # the policy of a new key
}


@pytest.fixture
def ground(context: Context) -> Ground:
    return Ground(context)


def test_every_type_of_the_table_has_a_case() -> None:
    assert sorted(case.type for case in CASES) == sorted(RESOURCES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type)
def test_made_changed_and_deleted_as_aws_tells(case: Case, ground: Ground) -> None:
    ctx, resource = ground.ctx, RESOURCES[case.type]
    inputs = lifecycle.prepare(resource, "tests", case.inputs(ground), None, ctx)
    made = lifecycle.create(resource, "tests", inputs, ctx)
    it = Existing(id=made.id, inputs=inputs)
    assert case.told(ground, made.id) == case.first
    assert lifecycle.read(resource, "tests", it, ctx) == made.outputs, "reading tells what making told"
    assert inputs.keys() <= made.outputs.keys(), "outputs hold the inputs"

    if case.change is not None:
        new = lifecycle.prepare(resource, "tests", case.change(ground), inputs, ctx)
        difference = resource.difference(inputs, new)
        assert difference.changed, "the change is one"
        assert not difference.replaced, "the change needs no other resource"
        changed = lifecycle.update(resource, "tests", it, new, ctx)
        assert changed.id == made.id
        assert case.told(ground, made.id) == case.second
        it = Existing(id=made.id, inputs=new)

    lifecycle.delete(resource, "tests", it, ctx)
    if case.type not in KEPT_AFTER_DELETION:
        assert lifecycle.read(resource, "tests", it, ctx) is None, "nothing is left"
    lifecycle.delete(resource, "tests", it, ctx)  # one that is gone is fine
