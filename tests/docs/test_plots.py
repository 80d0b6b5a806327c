"""The pictures of the verdict's page are what its judge makes of made-up rollouts."""

import re
from xml.etree import ElementTree as ET

import pytest

from docs.concepts import plot_verdict
from docs.concepts.made_rollouts import BASE, roll_out
from docs.concepts.svg_chart import Chart

PAGE = (plot_verdict.HERE / "verdict.md").read_text()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", plot_verdict.PICTURES)
def test_a_picture_is_what_its_script_draws(name):
    drawn = plot_verdict.PICTURES[name]()

    assert (plot_verdict.HERE / name).read_text() == drawn, "run `make golden`"


@pytest.mark.parametrize("name", plot_verdict.PICTURES)
def test_a_picture_can_be_read_without_seeing_it_and_in_the_dark(name):
    root = ET.parse(plot_verdict.HERE / name).getroot()

    labels = root.attrib["aria-labelledby"].split()
    said = {one.attrib["id"]: one.text for one in root if "id" in one.attrib}
    assert [bool(said[label]) for label in labels] == [True, True]
    assert "prefers-color-scheme: dark" in str(root.findtext(f"{SVG}style"))
    assert not root.findall(f".//{SVG}script")
    assert re.search(rf"!\[[^\]]{{30,}}\]\({name}\)", PAGE), "the page shows it, with its words"


def test_a_made_up_rollout_is_the_same_each_time_and_another_with_another_seed():
    runs = [roll_out(seed, lambda _: 0.01, lambda _: BASE) for seed in ("one", "one", "two")]

    assert runs[0] == runs[1] != runs[2]


def test_a_made_up_canary_that_fails_all_is_taken_back_at_its_first_look():
    made = roll_out("all", lambda _: 1.0, lambda _: BASE)

    assert (made.outcome, made.seconds, made.failed) == ("rolled back", 10, 100)


def test_a_chart_keeps_to_its_frame_and_escapes_words():
    chart = Chart("a < b", "c & d", lambda value: value, 1, 100)

    assert (chart.y(10**6), chart.y(0)) == (chart.y(100), chart.y(1))
    assert (chart.x(-5), chart.x(7)) == (chart.x(0), chart.x(1))
    assert "a &lt; b" in chart.svg()
    assert "c &amp; d" in chart.svg()
