"""What keeping and moving data costs: S3, DynamoDB, SQS, SNS, EventBridge."""

from __future__ import annotations

from operate.cost.prices.table import MILLION, Confirmation, Price, Tier, flat

S3_PAGE = "https://aws.amazon.com/s3/pricing/"
DYNAMODB_PAGE = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
SQS_PAGE = "https://aws.amazon.com/sqs/pricing/"
SNS_PAGE = "https://aws.amazon.com/sns/pricing/"
EVENTBRIDGE_PAGE = "https://aws.amazon.com/eventbridge/pricing/"

S3_READ = "s3.read_request"
S3_WRITE = "s3.write_request"
S3_STORAGE = "s3.gb_month"
S3_INVENTORY = "s3.inventory_object"
DYNAMODB_WRITE = "dynamodb.write_request_unit"
DYNAMODB_READ = "dynamodb.read_request_unit"
DYNAMODB_STORAGE = "dynamodb.gb_month"
DYNAMODB_RECOVERY = "dynamodb.recovery_gb_month"
SQS_REQUEST = "sqs.request"
SNS_PUBLISH = "sns.publish"
SNS_EMAIL = "sns.email"
EVENT = "events.custom_event"
SCHEDULED = "scheduler.invocation"

PRICES = {
    S3_READ: Price(
        label="S3 GET requests",
        unit="request",
        tiers=flat(0.0004 / 1_000),
        source=S3_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    S3_WRITE: Price(
        label="S3 PUT, POST, LIST requests",
        unit="request",
        tiers=flat(0.005 / 1_000),
        source=S3_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    S3_STORAGE: Price(
        label="S3 Standard storage",
        unit="GB-month",
        tiers=(Tier(usd=0.023, up_to=51_200), Tier(usd=0.022, up_to=512_000), Tier(usd=0.021)),
        source=S3_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    S3_INVENTORY: Price(
        label="S3 Inventory",
        unit="object listed",
        tiers=flat(0.0025 / MILLION),
        source=S3_PAGE,
        confirmed=Confirmation.QUOTED,
        note="asked again for each report that S3 makes",
    ),
    DYNAMODB_WRITE: Price(
        label="DynamoDB on-demand writes",
        unit="write unit",
        tiers=flat(0.625 / MILLION),
        source=DYNAMODB_PAGE,
        confirmed=Confirmation.QUOTED,
        note="halved in November 2024; older pages say 1.25",
    ),
    DYNAMODB_READ: Price(
        label="DynamoDB on-demand reads",
        unit="read unit",
        tiers=flat(0.125 / MILLION),
        source=DYNAMODB_PAGE,
        confirmed=Confirmation.QUOTED,
        note="halved in November 2024; older pages say 0.25",
    ),
    DYNAMODB_STORAGE: Price(
        label="DynamoDB storage",
        unit="GB-month",
        tiers=flat(0.25),
        source=DYNAMODB_PAGE,
        confirmed=Confirmation.AWS,
        note="the first 25 GB of a month are free; free tiers are left out",
    ),
    DYNAMODB_RECOVERY: Price(
        label="DynamoDB point-in-time recovery",
        unit="GB-month",
        tiers=flat(0.20),
        source=DYNAMODB_PAGE,
        confirmed=Confirmation.QUOTED,
        note="by the size of the table, whatever the recovery period",
    ),
    SQS_REQUEST: Price(
        label="SQS requests",
        unit="request",
        tiers=(
            Tier(usd=0.40 / MILLION, up_to=100_000 * MILLION),
            Tier(usd=0.30 / MILLION, up_to=200_000 * MILLION),
            Tier(usd=0.24 / MILLION),
        ),
        source=SQS_PAGE,
        confirmed=Confirmation.QUOTED,
        note="standard queues; each 64 KiB of a message is a request",
    ),
    SNS_PUBLISH: Price(
        label="SNS publishes",
        unit="request",
        tiers=flat(0.50 / MILLION),
        source=SNS_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    SNS_EMAIL: Price(
        label="SNS emails",
        unit="email",
        tiers=flat(2.00 / 100_000),
        source=SNS_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    EVENT: Price(
        label="EventBridge custom events",
        unit="event",
        tiers=flat(1.00 / MILLION),
        source=EVENTBRIDGE_PAGE,
        confirmed=Confirmation.QUOTED,
        note="events of AWS services, those of S3 among them, are free",
    ),
    SCHEDULED: Price(
        label="EventBridge Scheduler invocations",
        unit="invocation",
        tiers=flat(1.00 / MILLION),
        source=EVENTBRIDGE_PAGE,
        confirmed=Confirmation.QUOTED,
        note="14 million a month are free; free tiers are left out",
    ),
}
