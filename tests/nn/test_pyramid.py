from __future__ import annotations

import torch

from spectra.nn.pyramid import halved


def test_each_pixel_is_the_mean_of_those_of_its_neighbours_that_there_are() -> None:
    for height, width in ((6, 8), (5, 7), (1, 2)):
        image = torch.rand(2, 3, height, width, dtype=torch.float64)
        found = halved(image)
        assert found.shape[-2:] == ((height + 1) // 2, (width + 1) // 2)
        for row in range(found.shape[2]):
            for column in range(found.shape[3]):
                rows = slice(max(0, 2 * row - 1), 2 * row + 2)
                part = image[..., rows, max(0, 2 * column - 1) : 2 * column + 2]
                assert torch.allclose(found[..., row, column], part.mean((2, 3)), atol=1e-12)
