"""The Pulumi components that use cases are assembled from."""

from components.alerts import Alerts, AlertsArgs
from components.bucket import InventorySource, ObservedBucket, ObservedBucketArgs
from components.bundle import BundleError
from components.code import StoredCode, function_code
from components.consumer import consume, consumer_statements, visibility_seconds
from components.dashboard import Dashboard, DashboardArgs
from components.function import ServerlessFunction, ServerlessFunctionArgs
from components.network import InterfaceEndpoints, NatGateway, Network, NetworkArgs
from components.pipeline import DistributedMapPipeline, DistributedMapPipelineArgs
from components.platform import DataCare, Observability, Platform
from components.queue import SecureQueue, SecureQueueArgs
from components.table import ObservedTable, ObservedTableArgs
from components.tags import tag_everything
from components.triggers import ObjectCreated, Schedule
from components.worker_pool import ActivityWorkerPool, ActivityWorkerPoolArgs, WorkerSize
from components.worker_reaper import WorkerReaperArgs, make_worker_reaper

__all__ = [
    "ActivityWorkerPool",
    "ActivityWorkerPoolArgs",
    "Alerts",
    "AlertsArgs",
    "BundleError",
    "Dashboard",
    "DashboardArgs",
    "DataCare",
    "DistributedMapPipeline",
    "DistributedMapPipelineArgs",
    "InterfaceEndpoints",
    "InventorySource",
    "NatGateway",
    "Network",
    "NetworkArgs",
    "ObjectCreated",
    "Observability",
    "ObservedBucket",
    "ObservedBucketArgs",
    "ObservedTable",
    "ObservedTableArgs",
    "Platform",
    "Schedule",
    "SecureQueue",
    "SecureQueueArgs",
    "ServerlessFunction",
    "ServerlessFunctionArgs",
    "StoredCode",
    "WorkerReaperArgs",
    "WorkerSize",
    "consume",
    "consumer_statements",
    "function_code",
    "make_worker_reaper",
    "tag_everything",
    "visibility_seconds",
]
