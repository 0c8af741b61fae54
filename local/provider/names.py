"""Physical names, made as Pulumi makes them: the logical name, a hyphen and seven random hexadecimal
digits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from local.provider.failures import InvalidPropertyError

SUFFIX_DIGITS = 7
PREFIX_SUFFIX_DIGITS = 26  # what the AWS provider appends to a given prefix


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Which property is the physical name, which one (if any) is a prefix for it, and what AWS allows."""

    limit: int
    property: str = "name"
    prefix_property: str | None = "namePrefix"
    lower: bool = False

    def generate(self, logical: str, prefix: str | None = None) -> str:
        """A new name. Raises InvalidPropertyError when it would be longer than AWS allows."""
        if prefix is not None:
            name = prefix + secrets.token_hex(PREFIX_SUFFIX_DIGITS)[:PREFIX_SUFFIX_DIGITS]
        else:
            name = f"{logical}-{secrets.token_hex(SUFFIX_DIGITS)[:SUFFIX_DIGITS]}"
        if len(name) > self.limit:
            start = logical if prefix is None else prefix
            raise InvalidPropertyError(
                f"{start!r} and a random suffix make a {self.property} of {len(name)} characters, "
                f"AWS allows {self.limit}: shorten the resource's name or set {self.property}"
            )
        return name.lower() if self.lower else name
