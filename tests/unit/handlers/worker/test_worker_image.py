"""The image of a worker: the packages that the project pins, bases that are named by digest, nobody's rights."""

from __future__ import annotations

import re
from pathlib import Path

from components.bundle import pinned

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "handlers" / "worker"
PACKAGES = ("aws-lambda-powertools", "botocore", "numpy", "obstore", "zstandard")


def test_the_image_has_the_packages_that_the_project_pins():
    expected = pinned((ROOT / "requirements.txt").read_text(), PACKAGES)
    assert (FOLDER / "requirements.txt").read_text() == expected, "the part of requirements.txt has changed: renew it"


def test_the_packages_are_all_that_the_worker_imports():
    found: set[str] = set()
    for package in ("common", "loans", "worker"):
        for path in (ROOT / "handlers" / package).glob("*.py"):
            found |= set(re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE))
    third_party = found & {"boto3", "polars", "orjson", "isal", "scipy", "aws_lambda_powertools", *PACKAGES}
    assert third_party == {"aws_lambda_powertools", "botocore", "numpy", "obstore", "zstandard"}


def test_bases_are_given_with_their_digests_and_the_worker_is_not_root():
    lines = (FOLDER / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert bases == ["${BUILD_IMAGE}", "${RUN_IMAGE}"]
    assert "ARG BUILD_IMAGE" in lines, "no default: a digest that nobody has looked up pins nothing"
    assert "ARG RUN_IMAGE" in lines
    assert any("*@sha256:" + "?" * 64 in line for line in lines)
    user = next(line for line in reversed(lines) if line.startswith("USER "))
    assert user == "USER 65532:65532"
