"""The page of a run: the right numbers, nothing executable from data, nothing from the network, a bounded size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import orjson
import pytest

from operate.execution import Counts
from operate.page import run_page
from operate.page.facts import Setting, StoredFile
from operate.page.layout import chart_library
from operate.page.run_model import MAPS_DRAWN, page_of
from operate.verification import Check
from tests.unit.operate.answers import EXECUTION, execution, map_run
from tests.unit.operate.page.runs import child, children, facts, read, tallied

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--<script>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
)
ROOM_BYTES = 150_000  # of a page beside the chart library


def rendered(run):
    return run_page.render(page_of(run))


def own_part(html):
    return html.replace(chart_library(), "")


def hostile_run():
    found = tuple(
        child(number, start=number, seconds=1, status="FAILED", name=text) for number, text in enumerate(HOSTILE)
    )
    everything = " ".join(HOSTILE)
    return facts(
        found,
        execution=execution("FAILED", input={text: text for text in HOSTILE}, error=everything, cause=everything),
        checks=(Check(name=everything, ok=False, detail=everything),),
        settings=(Setting(name=everything, value=everything, origin=everything),),
        files=(StoredFile(status="FAILED", bucket="b", key=everything, size=1),),
        failures=tallied(*HOSTILE),
        notes=(everything,),
        use_case=everything,
    )


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", None], ids=["local", "AWS"])
def test_nothing_from_data_becomes_markup_or_script(endpoint):
    page = read(rendered(replace(hostile_run(), endpoint=endpoint)))
    run = [each for each in page.all("script") if "type" not in each.attributes]
    assert len(run) == 2, "the chart library and the page's own script"
    assert not page.all("img")
    assert not page.all("svg")
    handlers = [name for each in page.elements for name in each.attributes if name.startswith("on")]
    assert not handlers, "no attribute listens to events"
    addresses = [each.attributes["href"] for each in page.all("a")]
    assert all(address.startswith(("https://", "#")) for address in addresses)
    assert HOSTILE[0] in page.words, "it is shown as the text that it is"
    assert "{{ 7 * 7 }}" in page.words


def test_figures_are_json_that_cannot_end_their_script_element():
    page = read(rendered(hostile_run()))
    data = [each for each in page.all("script") if each.attributes.get("type") == "application/json"]
    assert {each.attributes["id"] for each in data} == {"palettes", "timeline-1-figure", "durations-1-figure"}
    for each in data:
        assert "<" not in each.text
        assert json.loads(each.text)


@pytest.mark.parametrize("run", [facts(children(60)), hostile_run(), facts(())], ids=["plain", "hostile", "empty"])
def test_the_page_loads_nothing(run):
    html = rendered(run)
    page = read(html)
    assert not [each for each in page.elements if "src" in each.attributes or each.tag in ("link", "iframe", "object")]
    assert "url(" not in own_part(html)
    assert "@import" not in own_part(html)
    policy = next(each for each in page.all("meta") if "http-equiv" in each.attributes).attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'", "no request of any kind unless a rule below allows it"
    assert rules["img-src"] == "data:"
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}


def test_the_policy_allows_exactly_the_two_scripts_of_the_page():
    page = read(rendered(facts(children(3))))
    policy = next(each for each in page.all("meta") if "http-equiv" in each.attributes).attributes["content"]
    scripts = [each.text for each in page.all("script") if "type" not in each.attributes]
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0], "inline scripts run by their hash only"


def test_names_that_elements_refer_to_exist_once():
    page = read(rendered(facts(children(60), failures=tallied("Boom"))))
    names = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(names) == len(set(names))
    wanted = {
        each.attributes[attribute].removeprefix("#")
        for each in page.elements
        for attribute in ("aria-labelledby", "data-figure", "href")
        if attribute in each.attributes and not each.attributes[attribute].startswith("http")
    }
    assert wanted <= set(names)
    assert all(each.attributes.get("role") == "img" for each in page.elements if "data-figure" in each.attributes)


def test_the_numbers_on_the_page_are_those_of_the_run():
    run = facts(children(5_000), failures=tallied("Boom"))
    words = read(rendered(run)).words
    for shown in ("4,900 succeeded", "100 failed", "5,000 items", "5,000 children", "median 1.5 s", "longest 2.0 s"):
        assert shown in words, words[:2_000]
    assert "2 items, 1 of them in 1 child execution that did not succeed, 1 given up on by handlers" in words


def test_slowest_children_come_longest_first_with_their_arns():
    found = (
        *children(1_000),
        child(5_000, start=1.25, seconds=60, name="slowest"),
        child(5_001, start=0, seconds=None),
    )
    page = page_of(facts(found))
    slowest = page.maps[0].slowest
    assert [each.seconds for each in slowest] == sorted((each.seconds for each in slowest), reverse=True)
    assert (slowest[0].name, slowest[0].seconds, slowest[0].after) == ("slowest", 60, 1.25)
    copies = {each.attributes["data-copy"] for each in read(run_page.render(page)).all("button")}
    assert slowest[0].arn in copies


def test_a_hundred_thousand_children_make_a_small_page():
    html = rendered(facts(children(100_000), failures=tallied("Boom", "Bang")))
    assert len(own_part(html)) < ROOM_BYTES
    assert html.count(chart_library()) == 1


def test_links_lead_to_the_console_of_the_partition_only_on_aws():
    def links(run):
        found = [each.attributes["href"] for each in read(rendered(run)).all("a")]
        return [each for each in found if each != "#checks"]

    on_aws = links(facts(children(2), endpoint=None))
    console = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1"
    assert f"{console}#/v2/executions/details/{EXECUTION}" in on_aws
    assert any("/s3/object/results?" in link and link.endswith("prefix=out/SUCCEEDED_0.json") for link in on_aws)
    gov = facts((), endpoint=None, execution=execution(arn=EXECUTION.replace("arn:aws:", "arn:aws-us-gov:")))
    assert all("console.amazonaws-us-gov.com" in link for link in links(gov))
    local = facts(children(2))
    assert not links(local)
    assert "http://127.0.0.1:4566" in read(rendered(local)).words


def test_social_security_numbers_are_masked_on_the_page_and_in_its_json():
    ssn = "123-45-6789"
    run = facts(
        (child(1, start=0, seconds=1, name=ssn),),
        execution=execution("FAILED", arn=f"{EXECUTION}-{ssn}", input={"who": ssn}, error="E", cause=f"bad {ssn}"),
        checks=(Check(name="c", ok=False, detail=f"found {ssn}"),),
        failures=tallied(f"Error {ssn}"),
        notes=(ssn,),
        files=(StoredFile(status="FAILED", bucket="b", key=f"{ssn}.json", size=1),),
        endpoint=None,
    )
    page = page_of(run)
    assert ssn not in own_part(run_page.render(page))
    assert ssn not in orjson.dumps(page.to_json()).decode()
    assert "***-**-6789" in run_page.render(page)


def test_a_large_input_is_shown_in_part_and_says_so():
    words = read(rendered(facts(children(2), execution=execution(input={"rows": ["x" * 50] * 1_000})))).words
    assert "more characters)" in words
    assert words.count("x" * 50) < 50


def test_the_json_extends_that_of_the_report():
    run = facts(children(500))
    extended, report = page_of(run).to_json(), run.report.to_json()
    assert {name: extended[name] for name in report} == json.loads(orjson.dumps(report))
    (details,) = extended["details"]
    assert details["durations"]["children"] == 500
    assert len(details["slowest"]) == 15
    assert details["settings"][0]["value"] == "10"
    assert len(orjson.dumps(extended)) < 20_000, "it holds no charts"


def test_an_execution_without_map_runs_or_children_has_a_page_too():
    none = read(rendered(facts((), maps=(), map_runs=())))
    assert "The execution has not started a distributed map" in none.words
    waiting = facts((), map_run=map_run(executions=Counts(), items=Counts(), stopped=None, status="RUNNING"))
    page = read(rendered(waiting))
    assert "RUNNING" in page.words
    assert len([each for each in page.all("script") if "type" not in each.attributes]) == 1, "no charts, no library"


def test_of_many_map_runs_the_later_ones_are_counted_only():
    one = facts(children(20))
    page = read(rendered(replace(one, maps=one.maps * (MAPS_DRAWN + 3))))
    plots = [each for each in page.elements if "data-figure" in each.attributes]
    assert len(plots) == 2 * MAPS_DRAWN
    table = page.words.partition("Further Map Runs")[2]
    assert table.count("mapRun:hello/Reviews") == 3
