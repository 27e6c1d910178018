import dataclasses
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from netlab.recording.jsonform import DEPTH, KINDS, Foreign, from_json, to_json
from netlab.recording.records import Fact, Field, Message, Recording, Value
from tests.recording.whole import HEADER, RECORDS, WHOLE
from tests.views import sample

SCHEMA = json.loads(
    (files("netlab.recording") / "recording.schema.json").read_text(encoding="utf-8")
)


def valid(value: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(value)


def form(**changes: object) -> dict[str, Any]:
    """The JSON form of the whole, with the record of a kind changed."""
    value = json.loads(json.dumps(to_json(WHOLE)))
    for change, attributes in changes.items():
        record = next(r for r in value["records"] if r["kind"] == change)
        assert isinstance(attributes, dict)
        record.update(attributes)
    assert isinstance(value, dict)
    return value


def test_every_kind_survives_the_round() -> None:
    assert {type(record) for record in RECORDS} == set(KINDS.values())
    assert from_json(form()) == WHOLE


@pytest.mark.parametrize(
    "recording", [WHOLE, sample.trace(), sample.twice(), sample.hostile(), Recording(HEADER)]
)
def test_what_is_written_fits_the_schema(recording: Recording) -> None:
    valid(json.loads(json.dumps(to_json(recording), allow_nan=False)))


def test_the_schema_is_itself_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_attribute() -> None:
    for kind, record in {**KINDS, "field": Field, "header": type(HEADER)}.items():
        names = {part.name for part in dataclasses.fields(record)}
        assert SCHEMA["$defs"][kind]["properties"].keys() - {"kind"} == names


def test_the_schema_refuses_what_is_foreign() -> None:
    with pytest.raises(jsonschema.ValidationError):
        valid(form(fact={"origin": "rumour"}))


def test_wire_octets_are_base64() -> None:
    message = next(r for r in to_json(WHOLE)["records"] if r["kind"] == "message")
    assert message["wire"] == "FgMB"


def test_a_field_leaves_out_what_it_has_not() -> None:
    recording = Recording(
        HEADER,
        (
            RECORDS[2],
            _message_with(Field("a", None)),
        ),
    )
    message = to_json(recording)["records"][1]
    assert message["fields"] == [{"name": "a", "value": None}]


def _message_with(field: Field) -> Message:
    message = next(r for r in RECORDS if isinstance(r, Message))
    return dataclasses.replace(message, fields=(field,))


def test_lone_surrogates_are_written_out() -> None:
    evil: Value = {"a\ud800": ["\udcff"]}
    recording = Recording(HEADER, (RECORDS[2], Fact("f", "tls", "x.y", evil)))
    fact = to_json(recording)["records"][1]
    assert fact["value"] == {"a\\ud800": ["\\udcff"]}
    json.dumps(fact, ensure_ascii=False).encode("utf-8")


def test_lone_surrogates_in_a_file_do_not_come_in() -> None:
    loaded = from_json(form(fact={"value": "\ud800", "note": "\udfff"}))
    facts = [record for record in loaded.records if isinstance(record, Fact)]
    assert (facts[0].value, facts[0].note) == ("\\ud800", "\\udfff")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fact": {"kind": "rumour"}}, "no kind"),
        ({"fact": {"step": "nowhere"}}, "not there"),
        ({"fact": {"more": 1}}, "has no 'more'"),
        ({"fact": {"origin": "rumour"}}, "none of"),
        ({"fact": {"origin": ["measured"]}}, "none of"),
        ({"fact": {"name": 5}}, "no text"),
        ({"phase": {"start": 2.0}}, "before it starts"),
        ({"phase": {"end": 1e400}}, "not finite"),
        ({"phase": {"end": 10**400}}, "not finite"),
        ({"phase": {"end": True}}, "no number"),
        ({"message": {"wire": "*"}}, "base64"),
        ({"message": {"wire_length": 1.5}}, "whole number"),
        ({"message": {"arrived": 1}}, "true nor false"),
        ({"message": {"fields": {}}}, "no list"),
        ({"message": {"redacted": [[1]]}}, "list of 2"),
        ({"series": {"points": [[0, 1, 2]]}}, "list of 2"),
        ({"question": {"answer": 2}}, "none of its choices"),
        ({"step": {"parent": "tls"}}, "did not begin"),
        ({"actor": {"id": "server"}}, "two of"),
        ({"fact": {"value": float("inf")}}, "not finite"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(Foreign, match=words):
        from_json(form(**changes))


@pytest.mark.parametrize("value", [None, [], {}, {"schema": 1}, {"schema": "other/1"}])
def test_other_json_is_foreign(value: object) -> None:
    with pytest.raises(Foreign):
        from_json(value)


@pytest.mark.parametrize("missing", ["id", "step", "value"])
def test_what_is_missing_is_named(missing: str) -> None:
    value = form()
    next(r for r in value["records"] if r["kind"] == "fact").pop(missing)
    with pytest.raises(Foreign, match=f"lacks '{missing}'"):
        from_json(value)


def nested(depth: int) -> dict[str, object]:
    field: dict[str, object] = {"name": "x", "value": None}
    for _ in range(depth):
        field = {"name": "x", "value": None, "children": [field]}
    return field


def test_deep_nesting_is_refused_and_harmless() -> None:
    with pytest.raises(Foreign, match="nested"):
        from_json(form(message={"fields": [nested(200)]}))
    value: list[object] = []
    for _ in range(DEPTH + 5):
        value = [value]
    with pytest.raises(Foreign, match="nested"):
        from_json(form(fact={"value": value}))


def test_usual_nesting_is_read() -> None:
    from_json(form(message={"fields": [nested(20)]}))
