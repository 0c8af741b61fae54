"""The tags of a stack, put on every resource that can bear tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping


def tag_everything(tags: Mapping[str, str]) -> None:
    """Put ``tags`` on every taggable resource made from now on; they win over a resource's own.

    A transformation of the program, and not the provider's ``default_tags``: those are added inside the AWS
    provider's own process, which a deploy to localhost does not have, so the two would differ.
    """

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not is_taggable(args.type_, args.props):
            return None
        props = {**args.props, "tags": _merged(args.props.get("tags"), tags)}
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(add)


def is_taggable(type_: str, props: Mapping[str, object]) -> bool:
    """Whether a resource bears tags: the AWS provider gives just those the output ``tags_all``."""
    return type_.startswith("aws:") and "tags_all" in props


def _merged(own: pulumi.Input[Mapping[str, str]] | None, tags: Mapping[str, str]) -> object:
    if own is None:
        return dict(tags)
    return pulumi.Output.from_input(own).apply(lambda given: {**given, **tags})
