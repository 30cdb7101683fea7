from __future__ import annotations

import numpy as np

from spectra.data.scenes.noise import Stream, exponential_quantiles, fractal, soften


def test_a_stream_depends_on_its_whole_key() -> None:
    draws = {Stream(*key).unit() for key in ((0, 0, "a"), (0, 0, "b"), (0, 1, "a"), (1, 0, "a"))}
    assert len(draws) == 4
    assert Stream(3, "x").unit() == Stream(3, "x").unit()


def test_gaussians_are_standard() -> None:
    values = Stream(0).gaussians((200, 500)).astype(np.float64)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    assert abs(((values**2).mean() ** -2) * (values**4).mean() - 2.7) < 0.1  # four uniforms: kurtosis 2.7


def test_exponentials_have_the_moments_of_one_look_speckle() -> None:
    values = Stream(0).exponentials((300, 500)).astype(np.float64)
    assert abs(values.mean() - 1) < 0.01
    assert abs(values.var() - 1) < 0.03
    table = exponential_quantiles()
    expected = -np.log(1 - (np.arange(65536) + 0.5) / 65536)
    np.testing.assert_allclose(table[:-64], expected[:-64], atol=1e-2)


def test_fractal_noise_is_bounded_and_smooth() -> None:
    noise = fractal(Stream(1), (120, 90), 40.0, 3)
    assert noise.dtype == np.float32 and noise.shape == (120, 90)
    assert -1 <= noise.min() < -0.2 and 0.2 < noise.max() <= 1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.25


def test_softening_keeps_constants_and_spreads_a_point() -> None:
    flat = np.full((6, 7), 0.3, np.float32)
    np.testing.assert_array_equal(soften(flat), flat)
    point = np.zeros((5, 5), np.float32)
    point[2, 2] = 16
    np.testing.assert_array_equal(soften(point)[1:4, 1:4], np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32))


def test_choices_follow_their_weights() -> None:
    stream = Stream(2)
    draws = [stream.weighted((("a", 3.0), ("b", 1.0))) for _ in range(2000)]
    assert 0.70 < draws.count("a") / 2000 < 0.80
    assert {stream.count(2, 4) for _ in range(100)} == {2, 3, 4}
