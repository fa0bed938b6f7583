"""The E-model against figures that ITU-T G.107, G.107.1 and G.113 print, and against its own shape."""

from __future__ import annotations

import pytest

from tuiphone.controller.emodel import (
    Impairment,
    Scale,
    delay_impairment,
    effective_impairment,
    mos_of,
    rate,
    sheer_delay,
    signal_to_noise,
    simultaneous_impairment,
)
from tuiphone.controller.impairments import impairment_of

G711 = Impairment(Scale.NARROW, 0, 25.1)
G711_BARE = Impairment(Scale.NARROW, 0, 4.3)
G729A = Impairment(Scale.NARROW, 11, 19)
G723_1 = Impairment(Scale.NARROW, 15, 16.1)
PERFECT_WIDE = Impairment(Scale.WIDE, 0, 4.3)


def test_the_default_connection_rates_as_the_standard_says() -> None:
    """G.107 section 7.7: 93.2; annex B gives 4.41 for it."""
    rating = rate(G711, 0, 0)
    assert rating.r == pytest.approx(93.2, abs=0.05)
    assert rating.mos == pytest.approx(4.41, abs=0.005)
    assert signal_to_noise() == pytest.approx(94.77, abs=0.005)
    assert simultaneous_impairment() == pytest.approx(1.41, abs=0.005)
    assert rating.delay_impairment == pytest.approx(0.15, abs=0.005)


@pytest.mark.parametrize(("r", "mos"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_ratings_become_scores_as_in_annex_b(r: float, mos: float) -> None:
    assert mos_of(r) == pytest.approx(mos, abs=0.008)


def test_the_scale_of_scores_has_its_ends() -> None:
    assert mos_of(100) == mos_of(150) == 4.5
    assert mos_of(0) == mos_of(-30) == 1.0
    assert mos_of(3) == 1.0, "the curve dips below 1 there, a score does not"
    scores = [mos_of(r) for r in range(7, 101)]
    assert scores == sorted(scores)


@pytest.mark.parametrize(
    ("delay_ms", "sheer", "all_of_it"),
    [(100, 0.0, 2.6915), (150, 0.1635, 3.8161), (200, 3.0444, 7.5505), (250, 8.9167, 14.1782)],
)
def test_delay_costs_what_the_equations_give(delay_ms: float, sheer: float, all_of_it: float) -> None:
    """Worked by hand from G.107 (06/2015) eq. 7-19 to 7-28 with the default echo losses."""
    assert sheer_delay(delay_ms) == pytest.approx(sheer, abs=1e-3)
    assert delay_impairment(Scale.NARROW, delay_ms) == pytest.approx(all_of_it, abs=1e-3)


def test_no_delay_up_to_a_tenth_of_a_second_is_noticed_but_as_echo() -> None:
    assert sheer_delay(99.9) == 0
    assert 0 < delay_impairment(Scale.NARROW, 99.9) < 3


@pytest.mark.parametrize(
    ("codec", "loss", "expected"),
    [
        (G711, 1, 3.64),
        (G711, 5, 15.78),
        (G711_BARE, 1, 17.9),
        (G729A, 2, 19.0),
        (G729A, 8, 35.9),
        (Impairment(Scale.NARROW, 5, 10), 5, 35.0),
    ],
)
def test_loss_costs_what_the_formula_of_section_7_5_gives(codec: Impairment, loss: float, expected: float) -> None:
    """G.113 appendix I: G.711 0/4.3, with concealment 0/25.1; G.729A 11/19; GSM EFR 5/10."""
    assert effective_impairment(codec, loss) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("codec", "within", "published"),
    [
        (G729A, 0.6, {0: 11, 0.5: 13, 1: 15, 1.5: 17, 2: 19, 3: 23, 4: 26, 8: 36, 16: 49}),
        (G723_1, 1.2, {0: 15, 0.5: 17, 1: 19, 1.5: 22, 2: 24, 3: 27, 4: 32, 8: 41, 16: 55}),
        (G711, 3.0, {0: 0, 1: 5, 2: 7, 3: 10, 5: 15, 7: 20, 10: 25, 15: 35, 20: 45}),
    ],
    ids=["G.729A with VAD", "G.723.1 at 6.3 kbit/s with VAD", "G.711 with concealment"],
)
def test_loss_costs_what_listeners_said_it_does(
    codec: Impairment, within: float, published: dict[float, float]
) -> None:
    """G.113 appendix I (09/1999) tables I.2 and I.3: Ie by percent of packets lost at random, found by listening tests.

    The formula was fitted to them later and is not exact: its own editors call the results very similar.
    """
    for loss, impairment in published.items():
        assert effective_impairment(codec, loss) == pytest.approx(impairment, abs=within), loss


@pytest.mark.parametrize("delay_ms", [50, 100, 150, 200, 250, 300, 350])
def test_delay_costs_what_others_drew_from_the_standards_curve(delay_ms: int) -> None:
    """R. Cole, J. Rosenbluth, Voice over IP performance monitoring (2001): two lines along G.107's Id at 65 dB echo loss."""
    published = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    assert delay_impairment(Scale.NARROW, delay_ms) == pytest.approx(published, abs=1.2)


@pytest.mark.parametrize(
    ("kbps", "ie", "mos"),
    [
        (23.05, 1, 4.49),
        (19.85, 3, 4.48),
        (18.25, 5, 4.46),
        (15.85, 7, 4.43),
        (23.85, 8, 4.42),
        (14.25, 10, 4.39),
        (12.65, 13, 4.34),
        (8.85, 26, 4.02),
        (6.6, 41, 3.51),
    ],
)
def test_wideband_scores_are_those_of_the_modes_of_g722_2(kbps: float, ie: float, mos: float) -> None:
    """G.113 (09/2024) table IV.1 has Ie,wb of each mode; the scores are what G.107.1 annex A makes of them."""
    assert rate(Impairment(Scale.WIDE, ie, 4.3), 0).mos == pytest.approx(mos, abs=0.006), kbps


def test_losses_in_a_row_are_worse_than_as_many_at_random() -> None:
    assert effective_impairment(G711, 5, burst_ratio=2) == pytest.approx(17.21, abs=0.005)
    assert effective_impairment(G711, 5, burst_ratio=9) == effective_impairment(G711, 5, burst_ratio=2), (
        "validated to 2"
    )
    assert effective_impairment(G711, 5, burst_ratio=0.2) == effective_impairment(G711, 5)


def test_a_worked_example_with_codec_loss_and_delay() -> None:
    """G.729A, 2 % loss, 150 ms: 94.77 - 1.41 - 3.82 - 19.0 = 70.5."""
    rating = rate(G729A, 2, 150)
    assert rating.r == pytest.approx(70.54, abs=0.02)
    assert rating.mos == pytest.approx(3.62, abs=0.01)


def test_listening_knows_no_delay() -> None:
    assert rate(G711, 1).r == rate(G711, 1, 0).r > rate(G711, 1, 400).r


def test_wideband_is_rated_on_its_own_scale() -> None:
    """G.107.1: at most 129, and 4.5 at the top of the common range; delay by its own echo formula, worked by hand."""
    assert rate(PERFECT_WIDE, 0, 0).r == pytest.approx(128.85, abs=0.01)
    assert rate(PERFECT_WIDE, 0).mos == 4.5
    assert rate(PERFECT_WIDE, 0, 50).r == pytest.approx(128.255, abs=0.001)
    assert rate(PERFECT_WIDE, 0, 200).delay_impairment > 1.29 * sheer_delay(200)
    assert rate(Impairment(Scale.WIDE, 13, 4.3), 0).common == pytest.approx(89.9, abs=0.1), "G.722 at 64 kbit/s"


@pytest.mark.parametrize("scale", Scale)
def test_more_loss_and_more_delay_never_sound_better(scale: Scale) -> None:
    codec = Impairment(scale, 10, 10)
    by_loss = [rate(codec, loss).common for loss in (0, 0.5, 1, 2, 5, 10, 20, 50, 100)]
    by_delay = [rate(codec, 0, delay).common for delay in (0, 50, 100, 150, 250, 400, 800)]
    assert by_loss == sorted(by_loss, reverse=True)
    assert by_delay == sorted(by_delay, reverse=True)
    assert len(set(by_loss)) == len(by_loss)


def test_impossible_figures_do_no_harm() -> None:
    assert rate(G711, -3).r == rate(G711, 0).r
    assert rate(G711, 400).r == rate(G711, 100).r
    assert rate(G711, 100, 60_000).mos == 1.0
    assert rate(G711, 0, -5).r == rate(G711, 0, 0).r


@pytest.mark.parametrize(
    ("codec", "clock", "scale", "ie", "bpl"),
    [
        ("PCMU", 8000, Scale.NARROW, 0, 25.1),
        ("pcma", 8000, Scale.NARROW, 0, 25.1),
        ("G729", 8000, Scale.NARROW, 11, 19),
        ("iLBC", 8000, Scale.NARROW, 11, 32),
        ("G722", 8000, Scale.WIDE, 13, 4.3),
        ("G722", 16000, Scale.WIDE, 13, 4.3),
        ("iSAC", 16000, Scale.WIDE, 13, 4.3),
        ("iSAC", 32000, Scale.FULL, 17, 10.4),
        ("speex", 8000, Scale.NARROW, 15, 16.1),
        ("speex", 16000, Scale.WIDE, 19, 4.3),
    ],
)
def test_each_codec_has_its_figures(codec: str, clock: int, scale: Scale, ie: float, bpl: float) -> None:
    found = impairment_of(codec, clock)
    assert found is not None
    assert (found.scale, found.ie, found.bpl) == (scale, ie, bpl)


def test_opus_is_worse_the_fewer_bits_it_has() -> None:
    found = [impairment_of("opus", 48000, kbps) for kbps in (None, 64, 40, 31, 28, 19, 12, 0)]
    costs = [impairment.ie for impairment in found if impairment]
    assert len(costs) == len(found)
    assert costs == sorted(costs)
    assert costs[0] == costs[2] == 11
    assert costs[4] == pytest.approx(18.5)
    assert costs[-1] == 38


def test_what_is_guessed_is_said_to_be_guessed() -> None:
    published, guessed = impairment_of("G729", 8000), impairment_of("iSAC", 16000)
    assert published is not None
    assert not published.assumed
    assert guessed is not None
    assert guessed.assumed
    assert impairment_of("x-unheard-of", 8000) is None
