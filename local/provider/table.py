"""Every type of resource that the local endpoint has, by its Pulumi type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provider import (
    budgets,
    cloudwatch,
    dynamodb,
    ec2,
    ec2_access,
    ec2_routes,
    ecs,
    event_sources,
    events,
    iam,
    kms,
    lambda_,
    logs,
    s3_bucket,
    s3_object,
    s3_settings,
    scheduler,
    sns,
    sqs,
    states,
)
from local.provider.failures import UnsupportedResourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.resource import Resource

RESOURCES: Mapping[str, Resource] = {
    resource.type: resource
    for resource in (
        budgets.Budget(),
        cloudwatch.Dashboard(),
        cloudwatch.MetricAlarm(),
        dynamodb.Table(),
        ec2.Eip(),
        ec2.InternetGateway(),
        ec2.NatGateway(),
        ec2.Subnet(),
        ec2.Vpc(),
        ec2_access.SecurityGroup(),
        ec2_access.SecurityGroupEgressRule(),
        ec2_access.SecurityGroupIngressRule(),
        ec2_access.VpcEndpoint(),
        ec2_routes.Route(),
        ec2_routes.RouteTable(),
        ec2_routes.RouteTableAssociation(),
        ecs.Cluster(),
        ecs.ClusterCapacityProviders(),
        ecs.Service(),
        ecs.TaskDefinition(),
        event_sources.EventSourceMapping(),
        events.EventRule(),
        events.EventTarget(),
        iam.Policy(),
        iam.Role(),
        iam.RolePolicy(),
        iam.RolePolicyAttachment(),
        kms.Alias(),
        kms.Key(),
        kms.KeyPolicy(),
        lambda_.EventInvokeConfig(),
        lambda_.Function(),
        lambda_.Permission(),
        logs.LogGroup(),
        logs.LogMetricFilter(),
        s3_bucket.Bucket(),
        s3_object.BucketObject(),
        s3_object.BucketObjectV2(),
        s3_settings.BucketPolicy(),
        s3_settings.Encryption(),
        s3_settings.Inventory(),
        s3_settings.Lifecycle(),
        s3_settings.Metric(),
        s3_settings.Notification(),
        s3_settings.OwnershipControls(),
        s3_settings.PublicAccessBlock(),
        s3_settings.Versioning(),
        scheduler.Schedule(),
        scheduler.ScheduleGroup(),
        sns.Topic(),
        sns.TopicPolicy(),
        sns.TopicSubscription(),
        sqs.Queue(),
        sqs.QueuePolicy(),
        sqs.RedriveAllowPolicy(),
        sqs.RedrivePolicy(),
        states.Activity(),
        states.StateMachine(),
    )
}


def resource_for(token: str, name: str) -> Resource:
    """The resource of a type, asked for by one called ``name``. Raises UnsupportedResourceError for one
    that is not in the table.
    """
    if token not in RESOURCES:
        raise UnsupportedResourceError(token, RESOURCES, name)
    return RESOURCES[token]
