"""Where the results of a distributed map go, with the permissions that writing takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asl.iam import Statement, prefix_arn
from asl.readers import bucket_name, bucket_problems, key_problems, static_prefix
from asl.values import Asl, QueryLanguage, TextField, parameters_key, render

PUT_OBJECT = "arn:aws:states:::s3:putObject"

Transformation: TypeAlias = Literal["NONE", "COMPACT", "FLATTEN"]
OutputType: TypeAlias = Literal["JSON", "JSONL"]


@dataclass(frozen=True, kw_only=True)
class ResultWriter:
    """Result files under ``<prefix>/<map run>/`` of a bucket, or without one the shape of the state's output.

    A prefix found at run time needs ``within``, the key prefix under which the role may write.
    """

    bucket_arn: str | None = None
    prefix: TextField | None = None
    within: str | None = None
    transformation: Transformation | None = None
    output_type: OutputType | None = None
    kms_key_arn: str | None = None

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        writer: Asl = {}
        if self.bucket_arn is not None:
            parameters: Asl = {"Bucket": bucket_name(self.bucket_arn)}
            if self.prefix is not None:
                parameters["Prefix"] = self.prefix
            writer |= {"Resource": PUT_OBJECT, parameters_key(language): render(parameters, language)}
        config = {"Transformation": self.transformation, "OutputType": self.output_type}
        if any(value is not None for value in config.values()):
            writer["WriterConfig"] = {name: value for name, value in config.items() if value is not None}
        return writer

    def statements(self) -> list[Statement]:
        if self.bucket_arn is None:
            return []
        written = Statement(
            actions=(
                "s3:PutObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:AbortMultipartUpload",
            ),
            resources=(self._scope(self.bucket_arn),),
        )
        if self.kms_key_arn is None:
            return [written]
        keys = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
        return [written, Statement(actions=keys, resources=(self.kms_key_arn,))]

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        if self.bucket_arn is None:
            problems = []
            if self.prefix is not None or self.within is not None:
                problems.append("a prefix needs bucket_arn, the bucket that it is in")
            if self.transformation is None and self.output_type is None:
                problems.append("a result writer needs a bucket_arn, a transformation or an output_type")
            return problems
        problems = bucket_problems(self.bucket_arn)
        if self.prefix is not None:
            problems += key_problems("prefix", self.prefix, self.within, language)
        return problems

    def _scope(self, bucket_arn: str) -> str:
        if self.prefix is None:
            return prefix_arn(bucket_arn, "")
        if isinstance(self.prefix, str):
            return prefix_arn(bucket_arn, f"{self.prefix.rstrip('/')}/")
        return prefix_arn(bucket_arn, static_prefix(self.prefix, self.within))
