"""What running things costs: Step Functions, Lambda, Fargate."""

from __future__ import annotations

from operate.cost.prices.table import HOUR, MILLION, Confirmation, Price, Tier, flat

STEP_FUNCTIONS_PAGE = "https://aws.amazon.com/step-functions/pricing/"
LAMBDA_PAGE = "https://aws.amazon.com/lambda/pricing/"
FARGATE_PAGE = "https://aws.amazon.com/fargate/pricing/"

TRANSITION = "states.transition"
EXPRESS_REQUEST = "states.express_request"
EXPRESS_DURATION = "states.express_gb_second"

LAMBDA_REQUEST = "lambda.request"
LAMBDA_DURATION = {"arm64": "lambda.arm64_gb_second", "x86_64": "lambda.x86_gb_second"}

# by (architecture, whether it is Spot capacity)
FARGATE_VCPU = {
    ("arm64", False): "fargate.arm64_vcpu_second",
    ("arm64", True): "fargate.arm64_spot_vcpu_second",
    ("x86_64", False): "fargate.x86_vcpu_second",
    ("x86_64", True): "fargate.x86_spot_vcpu_second",
}
FARGATE_MEMORY = {
    ("arm64", False): "fargate.arm64_gb_second",
    ("arm64", True): "fargate.arm64_spot_gb_second",
    ("x86_64", False): "fargate.x86_gb_second",
    ("x86_64", True): "fargate.x86_spot_gb_second",
}

# Fargate in dollars an hour: of a vCPU, of a GB
FARGATE_HOURLY = {"arm64": (0.03238, 0.00356), "x86_64": (0.04048, 0.004445)}
SPOT_SHARE = 0.3  # of the on-demand price: AWS names a discount of "up to 70 %", the price itself varies


def _fargate(architecture: str, *, spot: bool) -> dict[str, Price]:
    vcpu, memory = FARGATE_HOURLY[architecture]
    share = SPOT_SHARE if spot else 1.0
    name = f"Fargate Spot {architecture}" if spot else f"Fargate {architecture}"
    confirmed = Confirmation.KNOWN if spot else Confirmation.QUOTED
    note = "taken as 30 % of the on-demand price; the Spot price varies" if spot else ""

    def price(what: str, unit: str, hourly: float) -> Price:
        return Price(
            label=f"{name} {what}",
            unit=unit,
            tiers=flat(hourly * share / HOUR),
            source=FARGATE_PAGE,
            confirmed=confirmed,
            note=note,
        )

    return {
        FARGATE_VCPU[architecture, spot]: price("vCPU", "vCPU-second", vcpu),
        FARGATE_MEMORY[architecture, spot]: price("memory", "GB-second", memory),
    }


PRICES = {
    TRANSITION: Price(
        label="Step Functions transitions",
        unit="transition",
        tiers=flat(0.025 / 1_000),
        source=STEP_FUNCTIONS_PAGE,
        confirmed=Confirmation.AWS,
    ),
    EXPRESS_REQUEST: Price(
        label="Step Functions EXPRESS requests",
        unit="request",
        tiers=flat(1.00 / MILLION),
        source=STEP_FUNCTIONS_PAGE,
        confirmed=Confirmation.AWS,
    ),
    EXPRESS_DURATION: Price(
        label="Step Functions EXPRESS duration",
        unit="GB-second",
        # listed a GB-hour: 0.06 for the first 1,000 of a month, 0.03 for the next 4,000, 0.01642 above
        tiers=(
            Tier(usd=0.06 / HOUR, up_to=1_000 * HOUR),
            Tier(usd=0.03 / HOUR, up_to=5_000 * HOUR),
            Tier(usd=0.01642 / HOUR),
        ),
        source=STEP_FUNCTIONS_PAGE,
        confirmed=Confirmation.AWS,
    ),
    LAMBDA_REQUEST: Price(
        label="Lambda requests",
        unit="request",
        tiers=flat(0.20 / MILLION),
        source=LAMBDA_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    LAMBDA_DURATION["x86_64"]: Price(
        label="Lambda x86_64 duration",
        unit="GB-second",
        tiers=(
            Tier(usd=0.0000166667, up_to=6_000 * MILLION),
            Tier(usd=0.0000150000, up_to=15_000 * MILLION),
            Tier(usd=0.0000133334),
        ),
        source=LAMBDA_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    LAMBDA_DURATION["arm64"]: Price(
        label="Lambda arm64 duration",
        unit="GB-second",
        tiers=(
            Tier(usd=0.0000133334, up_to=7_500 * MILLION),
            Tier(usd=0.0000120001, up_to=18_750 * MILLION),
            Tier(usd=0.0000106667),
        ),
        source=LAMBDA_PAGE,
        confirmed=Confirmation.QUOTED,
    ),
    **_fargate("x86_64", spot=False),
    **_fargate("x86_64", spot=True),
    **_fargate("arm64", spot=False),
    **_fargate("arm64", spot=True),
}
