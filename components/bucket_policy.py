"""Resource policies of buckets, as pure functions of what they concern."""

from __future__ import annotations

from asl.iam import POLICY_VERSION, Policy


def bucket_policy(*, bucket_arn: str, inventory_of: str | None = None, inventory_prefix: str | None = None) -> Policy:
    """Refuses every request without TLS; lets S3 deliver the inventory of the bucket ``inventory_of``."""
    statements = [
        {
            "Sid": "RefusePlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if inventory_of is not None:
        statements.append(
            {
                "Sid": "ReceiveInventory",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{bucket_arn}/{inventory_prefix or ''}*",
                "Condition": {"ArnLike": {"aws:SourceArn": inventory_of}},
            }
        )
    return {"Version": POLICY_VERSION, "Statement": statements}
