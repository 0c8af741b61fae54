"""The Map state: inline or distributed, with its reader, batcher, selector and writer.

Source: Developer Guide, "Map workflow state", "ItemReader (Map)", "ItemBatcher (Map)", "ResultWriter (Map)".
"""

from __future__ import annotations

import re
from typing import Any, Literal, cast

from local.stepfunctions.definition.fields import Fields, literal
from local.stepfunctions.definition.nodes import (
    Batcher,
    DistributedMapState,
    ExecutionType,
    Field,
    MapState,
    Reader,
    State,
    Workflow,
    Writer,
)
from local.stepfunctions.definition.states import common, error_fields
from local.stepfunctions.definition.workflow import Context, parse_workflow
from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.limits import MAX_ITEMS, MAX_LABEL, MAX_PAYLOAD_BYTES
from local.stepfunctions.maprun.readers import parse_reader
from local.stepfunctions.payload import dumps

_BAD_LABEL = re.compile(r"[\s?*<>{}\[\]:;,\\|^~$#%&`\"\u0000-\u001f\u007f-\u009f]")
_WRITER_RESOURCE = "arn:aws:states:::s3:putObject"
_UNLIMITED = 2**31 - 1


def parse_map(name: str, fields: Fields, language: QueryLanguage, context: Context) -> State | None:
    """A Map state of either mode."""
    found = common(name, fields, language, kind="Map") | error_fields(fields, language)
    if language == "JSONPath":
        found["result_selector"] = fields.template("ResultSelector", language)
        found["result_path"] = fields.result_path()
    found["items"] = _items(fields, language)
    fields.exclusive("ItemSelector", "Parameters")
    selector = "Parameters" if language == "JSONPath" and "Parameters" in fields else "ItemSelector"
    found["item_selector"] = fields.template(selector, language)
    found["max_concurrency"] = number_field(fields, "MaxConcurrency", language, 0, _UNLIMITED)
    found["tolerated_failure_count"] = number_field(fields, "ToleratedFailureCount", language, 0, _UNLIMITED)
    found["tolerated_failure_percentage"] = number_field(
        fields, "ToleratedFailurePercentage", language, 0, 100, whole=False
    )
    fields.exclusive("ItemProcessor", "Iterator")
    if "Iterator" not in fields and "ItemProcessor" not in fields:
        fields.lacks("ItemProcessor", "Iterator")
    processor = fields.child("Iterator" if "Iterator" in fields else "ItemProcessor")
    if processor is None:
        return None
    config = processor.child("ProcessorConfig")
    mode, execution_type = _processor_config(config, context)
    if mode == "DISTRIBUTED":
        return _distributed(fields, processor, found, language, context, execution_type)
    workflow = _workflow(processor, context, context.execution_type)
    return None if workflow is None else MapState(**found, processor=workflow)


def _items(fields: Fields, language: QueryLanguage) -> Field | None:
    if language == "JSONPath":
        return fields.path_field("ItemsPath")
    if "Items" not in fields:
        return None
    found = fields.expression("Items", language)
    if found is not None:
        return found
    value = fields.raw("Items")
    if not isinstance(value, list | dict):
        fields.problem("Items must be an array, an object or a JSONata expression", "Items")
        return None
    evaluate = fields.template("Items", language)
    return None if evaluate is None else Field(evaluate=evaluate, text=str(value), name="Items")


def number_field(
    fields: Fields, field: str, language: QueryLanguage, minimum: int, maximum: int, *, whole: bool = True
) -> Field | None:
    """A number: literal, ``...Path`` in JSONPath, expression in JSONata."""
    if language == "JSONPath":
        fields.exclusive(field, f"{field}Path")
        if f"{field}Path" in fields:
            return fields.path_field(f"{field}Path")
    found = fields.expression(field, language)
    if found is None and field in fields:
        value = fields.integer(field, minimum, maximum) if whole else fields.number(field, minimum, maximum)
        if value is not None:
            found = literal(value, field)
    return found


def _processor_config(config: Fields | None, context: Context) -> tuple[str, str]:
    if config is None:
        return "INLINE", ""
    mode = config.one_of("Mode", ("INLINE", "DISTRIBUTED")) or "INLINE"
    execution_type = ""
    if mode == "DISTRIBUTED":
        execution_type = config.one_of("ExecutionType", ("STANDARD", "EXPRESS"), required=True) or ""
    config.done()
    if mode == "DISTRIBUTED" and context.execution_type == "EXPRESS":
        config.problem(
            "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines", "Mode"
        )
    return mode, execution_type


def _workflow(processor: Fields, context: Context, execution_type: str) -> Workflow | None:
    processor.take("Comment", str)
    nested = context.within(execution_type=execution_type, language=context.language)
    workflow = parse_workflow(processor, nested)
    processor.done()
    return workflow


def _distributed(
    fields: Fields,
    processor: Fields,
    found: dict[str, Any],
    language: QueryLanguage,
    context: Context,
    execution_type: str,
) -> State | None:
    child = {name: processor.raw(name) for name in processor.names() if name != "ProcessorConfig"}
    workflow = _workflow(processor, context, execution_type)
    label = _label(fields, context)
    reader = _reader(fields, language)
    batcher = _batcher(fields, language)
    writer = _writer(fields, language)
    if workflow is None:
        return None
    state = DistributedMapState(
        **found,
        processor=workflow,
        execution_type=cast("ExecutionType", execution_type or "STANDARD"),
        pointer=fields.pointer,
        processor_definition=dumps(child).decode(),
        label=label,
        reader=reader,
        batcher=batcher,
        writer=writer,
    )
    context.maps.append(state)
    return state


def _label(fields: Fields, context: Context) -> str | None:
    label = fields.take("Label", str)
    if label is None:
        return None
    if not label:
        fields.problem("Label cannot be empty", "Label")
    if len(label) > MAX_LABEL:
        message = f"The label '{label}' exceeds the {MAX_LABEL}-character limit allowed by the service"
        fields.problem(message, "Label", "INVALID_LABEL_NAME")
    if (match := _BAD_LABEL.search(label)) is not None:
        fields.problem(f"Label contains invalid character: {match[0]!r}", "Label")
    if any(other.label == label for other in context.maps):
        fields.problem(f"Duplicate Label name: {label}", "Label", "DUPLICATE_LABEL_NAME")
    return label


def _arguments(language: QueryLanguage) -> str:
    return "Arguments" if language == "JSONata" else "Parameters"


def _reader(fields: Fields, language: QueryLanguage) -> Reader | None:
    entry = fields.child("ItemReader")
    if entry is None:
        return None
    arguments = _arguments(language)
    value = {name: entry.raw(name) for name in entry.names()}
    spec, problems = parse_reader(value)
    for pointer, message in problems:
        entry.problem(message, pointer.lstrip("/"))
    parameters = entry.template(arguments, language)
    if arguments not in value:
        entry.problem(f"These fields are required: [{arguments}]")
    wrong = "Parameters" if arguments == "Arguments" else "Arguments"
    if wrong in value:
        entry.refuse(wrong)
    max_items = None
    config = value.get("ReaderConfig")
    if isinstance(config, dict):
        max_items = number_field(
            Fields(config, entry.at("ReaderConfig"), entry.problems), "MaxItems", language, 0, MAX_ITEMS
        )
    if spec is None or parameters is None:
        return None
    return Reader(spec=spec, parameters=parameters, max_items=max_items)


def _batcher(fields: Fields, language: QueryLanguage) -> Batcher | None:
    entry = fields.child("ItemBatcher")
    if entry is None:
        return None
    max_items = number_field(entry, "MaxItemsPerBatch", language, 1, MAX_ITEMS)
    max_bytes = number_field(entry, "MaxInputBytesPerBatch", language, 1, MAX_PAYLOAD_BYTES)
    batch_input = entry.template("BatchInput", language)
    limits = (
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
    )
    if not any(name in entry for name in limits):
        entry.problem("At least one of 'MaxItemsPerBatch' or 'MaxInputBytesPerBatch' is required")
    entry.done()
    return Batcher(max_items=max_items, max_bytes=max_bytes, batch_input=batch_input)


def _writer(fields: Fields, language: QueryLanguage) -> Writer | None:
    entry = fields.child("ResultWriter")
    if entry is None:
        return None
    arguments = _arguments(language)
    resource = entry.take("Resource", str)
    if resource is not None and resource != _WRITER_RESOURCE:
        entry.problem(
            f"The resource provided {resource} is not recognized. The value must be {_WRITER_RESOURCE}",
            "Resource",
        )
    parameters = entry.template(arguments, language)
    if (resource is None) != (arguments not in entry):
        entry.problem(f"'Resource' and '{arguments}' must be given together")
    config = entry.child("WriterConfig")
    transformation: str | None = None
    output_type: str | None = None
    if config is not None:
        transformation = config.one_of("Transformation", ("NONE", "COMPACT", "FLATTEN"))
        output_type = config.one_of("OutputType", ("JSON", "JSONL"))
        config.done()
    entry.done()
    default = "NONE" if parameters is not None else "COMPACT"
    return Writer(
        parameters=parameters,
        transformation=cast("Literal['NONE', 'COMPACT', 'FLATTEN']", transformation or default),
        output_type=cast("Literal['JSON', 'JSONL']", output_type or "JSON"),
    )
