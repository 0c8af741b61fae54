"""The input data of a use case: made when it is not there, and only then."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from operate.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datagen.request import ProgressListener, Summary
    from operate.stacks import Stack
    from usecases.registry import UseCase


def location(outputs: Mapping[str, str]) -> str:
    """Return the s3:// address that a use case's data set is generated to.

    It is the folder of `data_key` (one object) or `data_prefix` (many) in `input_bucket`.
    """
    bucket = outputs["input_bucket"]
    if "data_prefix" in outputs:
        folder = outputs["data_prefix"].strip("/")
    elif "data_key" in outputs:
        folder = outputs["data_key"].rpartition("/")[0]
    else:
        raise StackError(f"the outputs of bucket {bucket} name neither data_key nor data_prefix: deploy again")
    return f"s3://{bucket}/{folder}".rstrip("/")


def ensure(stack: Stack, use_case: UseCase, *, count: int, seed: int, progress: ProgressListener) -> Summary:
    """Return what is at the use case's input, having made it unless these very data are there.

    Data begun with the same seed and count are completed; generated data of another request are replaced.
    Objects that the generator did not make are never touched: they are a StackError.
    """
    from datagen.errors import TargetMismatchError, TargetNotEmptyError
    from datagen.request import GenerateRequest
    from datagen.runner import generate

    to = location(stack.outputs_of(use_case.name))
    request = GenerateRequest(
        dataset=use_case.dataset,
        to=to,
        count=count,
        seed=seed,
        parameters=use_case.data_parameters,
        resume=True,
    )
    with _environment(stack.environment):
        try:
            try:
                return generate(request, progress=progress)
            except TargetMismatchError:
                return generate(replace(request, resume=False, overwrite=True), progress=progress)
        except TargetNotEmptyError as error:
            raise StackError(
                f"{to} holds objects that were not generated, so there is no truth to verify a run by: remove them,"
                " or start the state machine yourself and see the run with `distmap report`"
            ) from error


def inventory(stack: Stack, use_case: UseCase, *, count: int, seed: int) -> str:
    """Return the key of the manifest of an S3 Inventory of the generated data, written unless it is there.

    S3 writes inventories once a day; this one takes its place. It lists the data of one request, so it holds for as
    long as these are there, and again when they are made again.
    """
    from datagen.inventory import InventoryRequest, write_inventory

    outputs = stack.outputs_of(use_case.name)
    bucket, name = outputs["input_bucket"], f"count-{count}-seed-{seed}"
    folder = f"{outputs['inventory_prefix']}{bucket}/{name}/"
    pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    manifests = [key for key in keys if key.endswith("/manifest.json")]
    if manifests:
        return str(max(manifests))  # the folders of inventories are named by their time
    to = f"s3://{bucket}/{outputs['inventory_prefix'].rstrip('/')}"
    with _environment(stack.environment):
        return write_inventory(InventoryRequest(source=location(outputs), to=to, id=name)).manifest_key


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the variables that tell AWS clients where the stack is, and put the former ones back."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
