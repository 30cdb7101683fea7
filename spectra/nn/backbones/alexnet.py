"""AlexNet of Krizhevsky 2014, one weird trick: the one column that torchvision has."""

from __future__ import annotations

from torch import nn

from spectra.nn.backbones.architecture import Architecture


def _layers() -> list[nn.Module]:
    return [
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(inplace=True),
    ]


ALEXNET = Architecture("alexnet", "alexnet", _layers, {"relu1": 1, "relu2": 4, "relu3": 7, "relu4": 9, "relu5": 11})
