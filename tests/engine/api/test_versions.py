"""Versions, aliases, and the executions that are started from them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from local.stepfunctions.machines import Alias, Route
from tests.engine.api.service import PASS, Service
from tests.engine.memory import PLACE, ROLE, machine

ARN = PLACE.state_machine("m")
LIVE = f"{ARN}:live"


def returning(value: Any) -> dict[str, Any]:
    return machine(P={"Type": "Pass", "Result": value, "End": True})


def publish(service: Service, value: Any, **more: Any) -> dict[str, Any]:
    """Make a machine's next revision and its version."""
    if ARN not in service.engine.machines:
        service.create(definition=returning(value))
    text = orjson.dumps(returning(value)).decode()
    return service.call("UpdateStateMachine", stateMachineArn=ARN, definition=text, publish=True, **more)


def routes(*weights: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": f"{ARN}:{number}", "weight": weight} for number, weight in weights]


def make_alias(service: Service, *weights: tuple[int, int], name: str = "live", **more: Any) -> dict[str, Any]:
    return service.call("CreateStateMachineAlias", name=name, routingConfiguration=routes(*weights), **more)


# --- versions ----------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_a_revision_is_published_once_and_keeps_its_description(service: Service) -> None:
    service.create()
    first = service.call("PublishStateMachineVersion", stateMachineArn=ARN, description="one")
    assert first["stateMachineVersionArn"] == f"{ARN}:1"
    assert service.call("PublishStateMachineVersion", stateMachineArn=ARN, description="two") == first
    assert service.call("DescribeStateMachine", stateMachineArn=f"{ARN}:1")["description"] == "one"


@pytest.mark.aws("recorded")
def test_a_version_stays_what_it_was_when_the_machine_changes(service: Service) -> None:
    published = publish(service, 1, versionDescription="one")
    publish(service, 2)
    shown = service.call("DescribeStateMachine", stateMachineArn=f"{ARN}:1")
    assert orjson.loads(shown["definition"]) == returning(1)
    assert shown["stateMachineArn"] == f"{ARN}:1"
    assert shown["creationDate"] == published["updateDate"], "a version is as old as what published it"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("revised", [False, True])
def test_only_the_current_revision_can_be_published(service: Service, revised: bool) -> None:
    service.create()
    current = "INITIAL"
    if revised:
        current = service.call("UpdateStateMachine", stateMachineArn=ARN, roleArn=f"{ROLE}2")["revisionId"]
    refusal = service.refusal("PublishStateMachineVersion", stateMachineArn=ARN, revisionId="old")
    expected = (
        "Failed to publish the State Machine version for revision old. "
        f"The current State Machine revision is {current}."
    )
    assert refusal == ("ConflictException", expected)
    published = service.call("PublishStateMachineVersion", stateMachineArn=ARN, revisionId=current)
    assert published["stateMachineVersionArn"] == f"{ARN}:1"


@pytest.mark.aws("documented")
def test_versions_are_listed_newest_first_by_number(service: Service) -> None:
    for value in range(11):
        publish(service, value)
    pages = service.all_pages("ListStateMachineVersions", "stateMachineVersions", 4, stateMachineArn=ARN)
    numbers = [int(row["stateMachineVersionArn"].rsplit(":", 1)[1]) for page in pages for row in page]
    assert numbers == list(range(11, 0, -1)), "10 comes before 9: they are numbers"
    assert [len(page) for page in pages] == [4, 4, 3]


@pytest.mark.aws("recorded")
def test_a_deleted_version_is_gone_and_its_number_is_not_used_again(service: Service) -> None:
    publish(service, 1)
    service.call("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1")
    refusal = service.refusal("DescribeStateMachine", stateMachineArn=f"{ARN}:1")
    assert refusal == ("StateMachineDoesNotExist", f"State Machine Version Does Not Exist: '{ARN}:1'")
    republished = service.call("PublishStateMachineVersion", stateMachineArn=ARN)
    assert republished["stateMachineVersionArn"] == f"{ARN}:2"
    assert service.call("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:9") == {}


@pytest.mark.aws("recorded")
def test_a_version_that_an_alias_leads_to_is_not_deleted(service: Service) -> None:
    publish(service, 1)
    make_alias(service, (1, 100))
    refusal = service.refusal("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1")
    expected = (
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [live]"
    )
    assert refusal == ("ConflictException", expected)
    service.call("DeleteStateMachineAlias", stateMachineAliasArn=LIVE)
    assert service.call("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1") == {}


@pytest.mark.aws("recorded")
def test_a_version_is_not_updated(service: Service) -> None:
    publish(service, 1)
    refusal = service.refusal("UpdateStateMachine", stateMachineArn=f"{ARN}:1", roleArn=ROLE)
    assert refusal == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}:1'")


@pytest.mark.aws("documented")
def test_a_thousand_and_first_version_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.stepfunctions.api.versions.MAX_VERSIONS", 2)
    publish(service, 1)
    publish(service, 2)
    assert publish(service, 2)["stateMachineVersionArn"] == f"{ARN}:2", "nothing new, so nothing too many"
    service.call("UpdateStateMachine", stateMachineArn=ARN, roleArn=f"{ROLE}2")
    refusal = service.refusal("PublishStateMachineVersion", stateMachineArn=ARN)
    assert refusal[0] == "ServiceQuotaExceededException"


# --- aliases -----------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_an_alias_is_described_and_its_update_dated(service: Service) -> None:
    publish(service, 1)
    publish(service, 2)
    created = make_alias(service, (1, 70), (2, 30), description="d")
    shown = service.call("DescribeStateMachineAlias", stateMachineAliasArn=LIVE)
    assert shown == {
        "stateMachineAliasArn": LIVE,
        "name": "live",
        "description": "d",
        "routingConfiguration": routes((1, 70), (2, 30)),
        "creationDate": created["creationDate"],
    }, "no update, no updateDate"
    updated = service.call("UpdateStateMachineAlias", stateMachineAliasArn=LIVE, routingConfiguration=routes((2, 100)))
    shown = service.call("DescribeStateMachineAlias", stateMachineAliasArn=LIVE)
    assert (shown["routingConfiguration"], shown["description"]) == (routes((2, 100)), "d")
    assert shown["updateDate"] == updated["updateDate"]


@pytest.mark.aws("recorded")
def test_an_alias_is_created_once(service: Service) -> None:
    publish(service, 1)
    publish(service, 2)
    created = make_alias(service, (1, 100), description="d")
    assert make_alias(service, (1, 100), description="d") == created
    expected = (
        "ConflictException",
        (
            "Failed to create alias because an alias with the same name and a different routing configuration "
            "already exists."
        ),
    )
    for given, more in ((routes((2, 100)), {"description": "d"}), (routes((1, 100)), {"description": "e"})):
        request = {"name": "live", "routingConfiguration": given, **more}
        assert service.refusal("CreateStateMachineAlias", **request) == expected


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (routes((1, 60), (2, 30)), "Sum of routing configuration weights must equal 100. Received: [60, 30]"),
        (
            routes((1, 50), (1, 50)),
            f"Routing configuration must contain distinct state machine version ARNs. Received: [{ARN}:1, {ARN}:1]",
        ),
        (
            [{"stateMachineVersionArn": ARN, "weight": 100}],
            f"Routing configuration must contain state machine version ARNs. Received: [{ARN}]",
        ),
        (
            [*routes((1, 50)), {"stateMachineVersionArn": f"{PLACE.state_machine('n')}:1", "weight": 50}],
            (
                "Routing configuration must contain state machine version ARNs for the same state machine. "
                f"Received: [{ARN}:1, {PLACE.state_machine('n')}:1]"
            ),
        ),
    ],
    ids=["sum", "twice", "no version", "two machines"],
)
def test_routes_lead_to_distinct_versions_of_one_machine(service: Service, given: Any, message: str) -> None:
    publish(service, 1)
    publish(service, 2)
    refusal = service.refusal("CreateStateMachineAlias", name="live", routingConfiguration=given)
    assert refusal == ("ValidationException", message)


@pytest.mark.aws("recorded")
def test_routes_and_aliases_that_are_missing_are_refused(service: Service) -> None:
    publish(service, 1)
    missing = ("ResourceNotFound", "Request references a resource that does not exist.")
    request = {"name": "live", "routingConfiguration": routes((7, 100))}
    assert service.refusal("CreateStateMachineAlias", **request) == missing
    assert service.refusal("UpdateStateMachineAlias", stateMachineAliasArn=LIVE, description="d") == missing
    described = service.refusal("DescribeStateMachineAlias", stateMachineAliasArn=LIVE)
    assert described == ("ResourceNotFound", f"Resource not found: '{LIVE}'")
    assert service.call("DeleteStateMachineAlias", stateMachineAliasArn=LIVE) == {}


@pytest.mark.aws("recorded")
def test_an_update_of_nothing_in_an_alias_is_refused(service: Service) -> None:
    refusal = service.refusal("UpdateStateMachineAlias", stateMachineAliasArn=LIVE)
    assert refusal == ("ValidationException", "Either description or routing configuration must be specified")


@pytest.mark.aws("documented")
def test_an_alias_stays_with_its_machine(service: Service) -> None:
    publish(service, 1)
    make_alias(service, (1, 100))
    other = f"{service.create('n', publish=True)}:1"
    request = {"routingConfiguration": [{"stateMachineVersionArn": other, "weight": 100}]}
    refused, message = service.refusal("UpdateStateMachineAlias", stateMachineAliasArn=LIVE, **request)
    assert refused == "ValidationException"
    assert message.endswith(f"for the same state machine. Received: [{other}]")
    shown = service.call("DescribeStateMachineAlias", stateMachineAliasArn=LIVE)
    assert shown["routingConfiguration"] == routes((1, 100))


@pytest.mark.aws("documented")
def test_a_machine_has_a_hundred_aliases_at_most(service: Service) -> None:
    publish(service, 1)
    for number in range(100):
        make_alias(service, (1, 100), name=f"a{number}")
    refusal = service.refusal("CreateStateMachineAlias", name="b", routingConfiguration=routes((1, 100)))
    assert refusal[0] == "ServiceQuotaExceededException"
    make_alias(service, (1, 100), name="a7")  # that one is there


@pytest.mark.aws("documented")
def test_a_machine_that_is_being_deleted_gets_no_alias(service: Service) -> None:
    service.create_asking(publish=True)
    make_alias(service, (1, 100))
    service.start(ARN)
    service.take_task()
    service.call("DeleteStateMachine", stateMachineArn=ARN)
    deleting = ("StateMachineDeleting", f"State Machine is being deleted: '{ARN}'")
    request = {"name": "b", "routingConfiguration": routes((1, 100))}
    assert service.refusal("CreateStateMachineAlias", **request) == deleting
    assert service.refusal("ListStateMachineAliases", stateMachineArn=ARN) == deleting
    assert service.refusal("PublishStateMachineVersion", stateMachineArn=ARN) == deleting
    started = service.refusal("StartExecution", stateMachineArn=LIVE)
    assert started == ("StateMachineDeleting", f"State Machine is being deleted: '{LIVE}'")


@pytest.mark.aws("documented")
@pytest.mark.parametrize("operation", ["DescribeStateMachineAlias", "DeleteStateMachineAlias"])
@pytest.mark.parametrize("arn", [ARN, f"{ARN}:1"], ids=["machine", "version"])
def test_only_aliases_are_taken_for_aliases(service: Service, operation: str, arn: str) -> None:
    publish(service, 1)
    assert service.refusal(operation, stateMachineAliasArn=arn)[0] == "InvalidArn"


@pytest.mark.aws("documented")
@pytest.mark.parametrize("name", ["12", "a b", "a:b"])
def test_names_of_aliases_cannot_be_taken_for_versions(service: Service, name: str) -> None:
    publish(service, 1)
    refused, message = service.refusal("CreateStateMachineAlias", name=name, routingConfiguration=routes((1, 100)))
    assert refused == "ValidationException"
    assert "regular expression pattern" in message


@pytest.mark.aws("documented")
def test_aliases_are_listed_for_a_machine_or_for_a_version(service: Service) -> None:
    publish(service, 1)
    publish(service, 2)
    make_alias(service, (1, 100), name="old")
    make_alias(service, (1, 50), (2, 50), name="both")
    make_alias(service, (2, 100), name="new")

    def listed(arn: str) -> list[list[str]]:
        pages = service.all_pages("ListStateMachineAliases", "stateMachineAliases", 2, stateMachineArn=arn)
        return [[row["stateMachineAliasArn"].rsplit(":", 1)[1] for row in page] for page in pages]

    assert listed(ARN) == [["both", "new"], ["old"]]
    assert listed(f"{ARN}:2") == [["both", "new"]]
    assert listed(f"{ARN}:1") == [["both", "old"]]


@pytest.mark.aws("documented")
def test_a_route_is_chosen_by_its_share() -> None:
    shares = tuple(
        Route(version_arn=f"v{number}", number=number, weight=weight) for number, weight in ((1, 70), (2, 30))
    )
    alias = Alias(arn="a", name="a", description=None, routes=shares)
    chosen = [alias.choose(step / 100).number for step in range(100)]
    assert (chosen.count(1), chosen.count(2)) == (70, 30)
    assert alias.choose(0.9999999).number == 2


@pytest.mark.aws("documented")
def test_a_route_without_weight_is_never_chosen() -> None:
    shares = tuple(
        Route(version_arn=f"v{number}", number=number, weight=weight) for number, weight in ((1, 0), (2, 100))
    )
    alias = Alias(arn="a", name="a", description=None, routes=shares)
    assert {alias.choose(step / 100).number for step in range(100)} == {2}


# --- executions --------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_an_execution_tells_the_version_and_alias_that_it_was_started_from(service: Service) -> None:
    publish(service, 1)
    publish(service, 2)
    make_alias(service, (1, 100))
    started = {arn: service.start(arn) for arn in (ARN, f"{ARN}:1", LIVE)}
    shown = {arn: service.settle(execution) for arn, execution in started.items()}
    assert [answer["output"] for answer in shown.values()] == ["2", "1", "1"]
    assert {answer["stateMachineArn"] for answer in shown.values()} == {ARN}, "always the machine's own ARN"

    def origin(answer: dict[str, Any]) -> tuple[Any, Any]:
        return answer.get("stateMachineVersionArn"), answer.get("stateMachineAliasArn")

    expected = [(None, None), (f"{ARN}:1", None), (f"{ARN}:1", LIVE)]
    assert [origin(answer) for answer in shown.values()] == expected
    rows = {row["executionArn"]: row for row in service.call("ListExecutions", stateMachineArn=ARN)["executions"]}
    assert [origin(rows[execution]) for execution in started.values()] == expected


@pytest.mark.aws("recorded")
def test_executions_are_listed_by_version_and_by_alias(service: Service) -> None:
    publish(service, 1)
    make_alias(service, (1, 100))
    started = {arn: service.start(arn) for arn in (ARN, f"{ARN}:1", LIVE)}
    for execution in started.values():
        service.settle(execution)

    def listed(arn: str) -> set[str]:
        return {row["executionArn"] for row in service.call("ListExecutions", stateMachineArn=arn)["executions"]}

    assert listed(ARN) == set(started.values())
    assert listed(f"{ARN}:1") == {started[f"{ARN}:1"], started[LIVE]}
    assert listed(LIVE) == {started[LIVE]}
    service.call("DeleteStateMachineAlias", stateMachineAliasArn=LIVE)
    service.call("DeleteStateMachineVersion", stateMachineVersionArn=f"{ARN}:1")
    assert listed(f"{ARN}:1") == {started[f"{ARN}:1"], started[LIVE]}, "its executions outlive a version"


@pytest.mark.aws("recorded")
def test_nothing_is_started_from_a_missing_version(service: Service) -> None:
    service.create(definition=PASS)
    refusal = service.refusal("StartExecution", stateMachineArn=f"{ARN}:1")
    assert refusal == ("StateMachineDoesNotExist", f"State Machine Version Does Not Exist: '{ARN}:1'")


@pytest.mark.aws("documented")
def test_a_synchronous_execution_can_be_started_through_an_alias(service: Service) -> None:
    service.create(definition=returning("alias"), type="EXPRESS", publish=True)
    make_alias(service, (1, 100))
    assert service.call("StartSyncExecution", stateMachineArn=LIVE)["output"] == '"alias"'
