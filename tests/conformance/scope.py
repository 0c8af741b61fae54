"""The cases that do not count, each with its reason. They are replayed and shown all the same."""

from __future__ import annotations

OUT_OF_SCOPE: dict[str, str] = {
    "test_map_state_label_empty_fail": "the recorded text is an emulator's own, not AWS's",
    "test_map_state_label_too_long_fail": "the recorded text is an emulator's own, not AWS's",
    "test_map_item_reader_json_no_json_list_object": "recorded in 2023: since 2025 the entries of a JSON object are "
    "items, where it then failed",
}


def reason(title: str) -> str | None:
    """Why the case is out of scope, or None."""
    return next((why for part, why in OUT_OF_SCOPE.items() if part in title), None)
