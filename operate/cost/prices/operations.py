"""What watching and guarding costs: CloudWatch, X-Ray, KMS, and the network of a VPC."""

from __future__ import annotations

from operate.cost.prices.table import MILLION, Confirmation, Price, Tier, flat

CLOUDWATCH_PAGE = "https://aws.amazon.com/cloudwatch/pricing/"
XRAY_PAGE = "https://aws.amazon.com/xray/pricing/"
KMS_PAGE = "https://aws.amazon.com/kms/pricing/"
VPC_PAGE = "https://aws.amazon.com/vpc/pricing/"
PRIVATELINK_PAGE = "https://aws.amazon.com/privatelink/pricing/"

LOG_INGESTION = "logs.gb_ingested"
LOG_STORAGE = "logs.gb_month"
METRIC = "cloudwatch.metric_month"
ALARM = "cloudwatch.alarm_month"
DASHBOARD = "cloudwatch.dashboard_month"
TRACE = "xray.trace_recorded"
TRACE_READ = "xray.trace_read"
KEY = "kms.key_month"
KEY_REQUEST = "kms.request"
NAT_HOUR = "vpc.nat_hour"
NAT_DATA = "vpc.nat_gb"
ENDPOINT_HOUR = "vpc.endpoint_hour"
ENDPOINT_DATA = "vpc.endpoint_gb"

PRICES = {
    LOG_INGESTION: Price(
        label="CloudWatch Logs ingestion",
        unit="GB",
        tiers=flat(0.50),
        source=CLOUDWATCH_PAGE,
        confirmed=Confirmation.QUOTED,
        note="logs of Lambda get cheaper after 10 TB a month, which is left out",
    ),
    LOG_STORAGE: Price(
        label="CloudWatch Logs storage",
        unit="GB-month",
        tiers=flat(0.03),
        source=CLOUDWATCH_PAGE,
        confirmed=Confirmation.QUOTED,
        note="of the compressed size",
    ),
    METRIC: Price(
        label="CloudWatch custom metrics",
        unit="metric-month",
        tiers=(
            Tier(usd=0.30, up_to=10_000),
            Tier(usd=0.10, up_to=250_000),
            Tier(usd=0.05, up_to=1_000_000),
            Tier(usd=0.02),
        ),
        source=CLOUDWATCH_PAGE,
        confirmed=Confirmation.QUOTED,
        note="the first tier was read, those above are known",
    ),
    ALARM: Price(
        label="CloudWatch alarms",
        unit="alarm-month",
        tiers=flat(0.10),
        source=CLOUDWATCH_PAGE,
        confirmed=Confirmation.QUOTED,
        note="for each metric of a standard-resolution alarm",
    ),
    DASHBOARD: Price(
        label="CloudWatch dashboards",
        unit="dashboard-month",
        tiers=flat(3.00),
        source=CLOUDWATCH_PAGE,
        confirmed=Confirmation.QUOTED,
        note="three are free; free tiers are left out",
    ),
    TRACE: Price(
        label="X-Ray traces recorded",
        unit="trace",
        tiers=flat(5.00 / MILLION),
        source=XRAY_PAGE,
        confirmed=Confirmation.AWS,
    ),
    TRACE_READ: Price(
        label="X-Ray traces read",
        unit="trace",
        tiers=flat(0.50 / MILLION),
        source=XRAY_PAGE,
        confirmed=Confirmation.AWS,
    ),
    KEY: Price(
        label="KMS keys",
        unit="key-month",
        tiers=flat(1.00),
        source=KMS_PAGE,
        confirmed=Confirmation.AWS,
    ),
    KEY_REQUEST: Price(
        label="KMS requests",
        unit="request",
        tiers=flat(0.03 / 10_000),
        source=KMS_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    NAT_HOUR: Price(
        label="NAT gateways",
        unit="hour",
        tiers=flat(0.045),
        source=VPC_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    NAT_DATA: Price(
        label="NAT gateway data",
        unit="GB",
        tiers=flat(0.045),
        source=VPC_PAGE,
        confirmed=Confirmation.QUOTED,
        note="gateway endpoints of S3 and DynamoDB go around it and are free",
    ),
    ENDPOINT_HOUR: Price(
        label="Interface endpoints",
        unit="hour",
        tiers=flat(0.01),
        source=PRIVATELINK_PAGE,
        confirmed=Confirmation.QUOTED,
        note="for each Availability Zone",
    ),
    ENDPOINT_DATA: Price(
        label="Interface endpoint data",
        unit="GB",
        tiers=(Tier(usd=0.01, up_to=1_048_576), Tier(usd=0.006, up_to=5_242_880), Tier(usd=0.004)),
        source=PRIVATELINK_PAGE,
        confirmed=Confirmation.QUOTED,
        note="the first tier was read, those above are known",
    ),
}
