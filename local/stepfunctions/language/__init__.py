"""The expression languages of the Amazon States Language, compiled once and evaluated often."""

from local.stepfunctions.language.assign import check_total, compile_assign
from local.stepfunctions.language.choice import compile_rule
from local.stepfunctions.language.diagnostics import LanguageError
from local.stepfunctions.language.intrinsics import compile_intrinsic
from local.stepfunctions.language.jsonata import compile_expression
from local.stepfunctions.language.jsonpath import compile_path, compile_reference_path
from local.stepfunctions.language.references import variable_references
from local.stepfunctions.language.template import QueryLanguage, compile_template

__all__ = [
    "LanguageError",
    "QueryLanguage",
    "check_total",
    "compile_assign",
    "compile_expression",
    "compile_intrinsic",
    "compile_path",
    "compile_reference_path",
    "compile_rule",
    "compile_template",
    "variable_references",
]
