"""The colours of pages: told apart by all eyes, and readable."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from operate.page import palette

# Linear RGB as seen without one kind of cone: Machado, Oliveira and Fernandes, "A Physiologically-based Model for
# Simulation of Color Vision Deficiency" (2009), severity 1.0.
VISIONS = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# Linear RGB to OKLab: Ottosson (2020).
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
MODES = ("light", "dark")


def linear(colour):
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour, vision):
    seen = np.clip(np.array(VISIONS[vision]) @ linear(colour), 0, 1)
    return TO_LAB @ np.cbrt(TO_CONES @ seen)


def contrast(one, other):
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05)."""
    light, dark = sorted((linear(each) @ [0.2126, 0.7152, 0.0722] for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("mode", MODES)
def test_any_two_statuses_look_different(mode, vision):
    for one, other in itertools.combinations(palette.STATUS[mode], 2):
        apart = np.linalg.norm(lab(palette.STATUS[mode][one], vision) - lab(palette.STATUS[mode][other], vision))
        assert apart >= 0.1, f"{one} and {other} look alike in {mode} with {vision}"


@pytest.mark.parametrize("mode", MODES)
def test_marks_stand_out_and_words_can_be_read(mode):
    base = palette.BASE[mode]
    for name, colour in palette.STATUS[mode].items():
        assert contrast(colour, base["surface"]) >= 3, f"{name} is lost on the {mode} surface"
    for name, surface in itertools.product(("text", "muted", "accent", "good", "bad"), ("surface", "page")):
        assert contrast(base[name], base[surface]) >= 4.5, f"{name} is hard to read on the {mode} {surface}"


@pytest.mark.parametrize("mode", MODES)
def test_numbers_can_be_read_in_every_cell_of_a_heat_map(mode):
    steps = palette.HEAT[mode]
    assert len(steps) == palette.HEAT_STEPS
    for colour in steps:
        assert contrast(palette.BASE[mode]["text"], colour) >= 4.5, colour
    away = [abs(lab(colour, "full")[0] - lab(palette.BASE[mode]["surface"], "full")[0]) for colour in steps]
    assert away == sorted(away), "each step is stronger than the one before"


def test_both_modes_have_the_same_colours():
    assert palette.COLOURS["light"].keys() == palette.COLOURS["dark"].keys()


def test_an_unknown_colour_is_an_error():
    with pytest.raises(KeyError, match="no colour is named 'mauve'"):
        palette.token("mauve")
