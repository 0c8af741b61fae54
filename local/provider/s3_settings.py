"""Settings of a bucket, each a resource of its own: put as a whole, read as a whole, deleted as a whole."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from local.provider.failures import InvalidPropertyError
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, PutResource, State, document, existing, only
from local.provider.shapes import from_aws, to_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.context import Context


class BucketSetting(PutResource):
    """A setting that a bucket has once. Its id is the bucket's name."""

    needs = frozenset({"bucket"})
    replace_on = frozenset({"bucket"})
    operations: ClassVar[tuple[str, str, str]]  # put, get, delete
    body: ClassVar[str]  # the parameter of put that holds the setting

    @abstractmethod
    def setting(self, inputs: Properties) -> Any:
        """The setting in Pulumi's names, to be put in the parameter `body`."""

    @abstractmethod
    def properties(self, answer: dict[str, Any]) -> State:
        """The setting's properties from the answer of get."""

    def identity(self, inputs: Properties) -> str:
        bucket: str = inputs["bucket"]
        return bucket

    def put(self, inputs: Properties, ctx: Context) -> None:
        s3 = ctx.client("s3")
        operation = s3.meta.method_to_api_mapping[self.operations[0]]
        shape = s3.meta.service_model.operation_model(operation).input_shape.members[self.body]
        setting = self.setting(inputs)
        value = setting if isinstance(setting, str) else to_aws(setting, shape, self.type.rpartition("/")[2])
        getattr(s3, self.operations[0])(Bucket=inputs["bucket"], **{self.body: value})

    def read(self, it: Existing, ctx: Context) -> State | None:
        get = getattr(ctx.client("s3"), self.operations[1])
        answer = existing(lambda: get(Bucket=it.id))
        return None if answer is None else {**it.inputs, "bucket": it.id, **self.properties(answer)}

    def delete(self, it: Existing, ctx: Context) -> None:
        getattr(ctx.client("s3"), self.operations[2])(Bucket=it.id)


class BucketPolicy(BucketSetting):
    type = "aws:s3/bucketPolicy:BucketPolicy"
    takes = frozenset({"bucket", "policy"})
    needs = frozenset({"bucket", "policy"})
    operations = ("put_bucket_policy", "get_bucket_policy", "delete_bucket_policy")
    body = "Policy"

    def setting(self, inputs: Properties) -> str:
        return document(inputs["policy"])

    def properties(self, answer: dict[str, Any]) -> State:
        return {"policy": answer["Policy"]}


class PublicAccessBlock(BucketSetting):
    type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    takes = frozenset({"bucket", *flags})
    operations = ("put_public_access_block", "get_public_access_block", "delete_public_access_block")
    body = "PublicAccessBlockConfiguration"

    def setting(self, inputs: Properties) -> State:
        return {flag: inputs.get(flag, False) for flag in self.flags}

    def properties(self, answer: dict[str, Any]) -> State:
        found: State = from_aws(answer[self.body])
        return found


class Versioning(BucketSetting):
    type = "aws:s3/bucketVersioning:BucketVersioning"
    takes = frozenset({"bucket", "versioningConfiguration"})
    needs = takes
    operations = ("put_bucket_versioning", "get_bucket_versioning", "put_bucket_versioning")
    body = "VersioningConfiguration"

    def setting(self, inputs: Properties) -> Any:
        return inputs["versioningConfiguration"]

    def properties(self, answer: dict[str, Any]) -> State:
        answer.pop("ResponseMetadata")
        return {"versioningConfiguration": from_aws(answer)}

    def delete(self, it: Existing, ctx: Context) -> None:
        """A bucket cannot forget that it had versions: AWS's own provider suspends versioning."""
        ctx.client("s3").put_bucket_versioning(Bucket=it.id, VersioningConfiguration={"Status": "Suspended"})


class Encryption(BucketSetting):
    type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    takes = frozenset({"bucket", "rules"})
    needs = takes
    operations = ("put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption")
    body = "ServerSideEncryptionConfiguration"

    def setting(self, inputs: Properties) -> State:
        return only(inputs, "rules")

    def properties(self, answer: dict[str, Any]) -> State:
        found: State = from_aws(answer[self.body])
        return found


class Lifecycle(BucketSetting):
    type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    takes = frozenset({"bucket", "rules"})
    needs = takes
    operations = (
        "put_bucket_lifecycle_configuration",
        "get_bucket_lifecycle_configuration",
        "delete_bucket_lifecycle",
    )
    body = "LifecycleConfiguration"

    def setting(self, inputs: Properties) -> State:
        return only(inputs, "rules")

    def properties(self, answer: dict[str, Any]) -> State:
        return {"rules": from_aws(answer["Rules"])}


class OwnershipControls(BucketSetting):
    type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    takes = frozenset({"bucket", "rule"})
    needs = takes
    operations = ("put_bucket_ownership_controls", "get_bucket_ownership_controls", "delete_bucket_ownership_controls")
    body = "OwnershipControls"

    def setting(self, inputs: Properties) -> State:
        return {"rules": [inputs["rule"]]}

    def properties(self, answer: dict[str, Any]) -> State:
        return {"rule": from_aws(answer[self.body]["Rules"][0])}


class Notification(BucketSetting):
    type = "aws:s3/bucketNotification:BucketNotification"
    takes = frozenset({"bucket", "eventbridge", "lambdaFunctions", "queues", "topics"})
    operations = ("put_bucket_notification_configuration", "get_bucket_notification_configuration", "")
    body = "NotificationConfiguration"
    targets: ClassVar[Mapping[str, tuple[str, str]]] = {
        "lambdaFunctions": ("lambdaFunctionConfigurations", "lambdaFunctionArn"),
        "queues": ("queueConfigurations", "queueArn"),
        "topics": ("topicConfigurations", "topicArn"),
    }

    def setting(self, inputs: Properties) -> State:
        setting: State = {"eventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
        for name, (member, arn) in self.targets.items():
            if inputs.get(name):
                setting[member] = [self._target(target, arn) for target in inputs[name]]
        return setting

    def _target(self, target: Properties, arn: str) -> State:
        unknown = sorted(target.keys() - {arn, "id", "events", "filterPrefix", "filterSuffix"})
        if unknown:
            raise InvalidPropertyError(f"a notification target has no property {unknown[0]}")
        rules = [
            {"name": kind, "value": target[name]}
            for kind, name in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
            if target.get(name)
        ]
        where = {"filter": {"key": {"filterRules": rules}}} if rules else {}
        return {**only(target, "id", "events", arn), **where}

    def properties(self, answer: dict[str, Any]) -> State:
        return {"eventbridge": "EventBridgeConfiguration" in answer}

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("s3").put_bucket_notification_configuration(Bucket=it.id, NotificationConfiguration={})


class NamedSetting(PutResource):
    """A setting that a bucket has several of, told apart by a name. Its id is ``bucket:name``."""

    needs = frozenset({"bucket"})
    replace_on = frozenset({"bucket", "name"})
    naming = Naming(limit=64, prefix_property=None)  # Id of a metrics or inventory configuration
    kind: ClassVar[str]  # as in put_bucket_KIND_configuration
    body: ClassVar[str]

    @abstractmethod
    def setting(self, inputs: Properties) -> State:
        """The configuration in Pulumi's names."""

    @abstractmethod
    def properties(self, configuration: dict[str, Any]) -> State:
        """Its properties from the configuration that AWS holds."""

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['bucket']}:{inputs['name']}"

    def put(self, inputs: Properties, ctx: Context) -> None:
        s3 = ctx.client("s3")
        put = f"put_bucket_{self.kind}_configuration"
        model = s3.meta.service_model.operation_model(s3.meta.method_to_api_mapping[put])
        configuration = to_aws(
            {"id": inputs["name"], **self.setting(inputs)}, model.input_shape.members[self.body], self.kind
        )
        getattr(s3, put)(Bucket=inputs["bucket"], Id=inputs["name"], **{self.body: configuration})

    def read(self, it: Existing, ctx: Context) -> State | None:
        bucket, _, name = it.id.partition(":")
        get = getattr(ctx.client("s3"), f"get_bucket_{self.kind}_configuration")
        answer = existing(lambda: get(Bucket=bucket, Id=name))
        if answer is None:
            return None
        return {**it.inputs, "bucket": bucket, "name": name, **self.properties(answer[self.body])}

    def delete(self, it: Existing, ctx: Context) -> None:
        bucket, _, name = it.id.partition(":")
        getattr(ctx.client("s3"), f"delete_bucket_{self.kind}_configuration")(Bucket=bucket, Id=name)


class Metric(NamedSetting):
    type = "aws:s3/bucketMetric:BucketMetric"
    takes = frozenset({"bucket", "name", "filter"})
    kind = "metrics"
    body = "MetricsConfiguration"

    def setting(self, inputs: Properties) -> State:
        return only(inputs, "filter")

    def properties(self, configuration: dict[str, Any]) -> State:
        return only(from_aws(configuration), "filter")


class Inventory(NamedSetting):
    type = "aws:s3/inventory:Inventory"
    takes = frozenset(
        {"bucket", "name", "destination", "includedObjectVersions", "schedule", "enabled", "filter", "optionalFields"}
    )
    needs = frozenset({"bucket", "destination", "includedObjectVersions", "schedule"})
    kind = "inventory"
    body = "InventoryConfiguration"

    def setting(self, inputs: Properties) -> State:
        target = dict(inputs["destination"]["bucket"])
        target["bucket"] = target.pop("bucketArn")
        return {
            **only(inputs, "includedObjectVersions", "schedule", "filter", "optionalFields"),
            "isEnabled": inputs.get("enabled", True),
            "destination": {"s3BucketDestination": target},
        }

    def properties(self, configuration: dict[str, Any]) -> State:
        found = only(from_aws(configuration), "includedObjectVersions", "schedule", "filter", "optionalFields")
        return {**found, "enabled": configuration["IsEnabled"]}
