"""Spectra translates images between spectral modalities: RGB, NIR, thermal, SAR, EO, grey.

The names below are the public API: all that a plugin may import. They load when they are first asked for, so that
``import spectra`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spectra.bench.run import run as run
    from spectra.cli.loading import undisturbed as undisturbed
    from spectra.data.catalogue import Catalogue as Catalogue
    from spectra.data.catalogue import ImageFile as ImageFile
    from spectra.data.catalogue import Place as Place
    from spectra.data.layout import About as About
    from spectra.data.layout import Layout as Layout
    from spectra.data.layout import Side as Side
    from spectra.data.pairs import Pair as Pair
    from spectra.data.pairs import PairSet as PairSet
    from spectra.data.pairs import Picture as Picture
    from spectra.data.scenes import scene as scene
    from spectra.errors import DataError as DataError
    from spectra.errors import ImageError as ImageError
    from spectra.errors import ModelError as ModelError
    from spectra.errors import RecipeError as RecipeError
    from spectra.errors import SpectraError as SpectraError
    from spectra.loss import Loss as Loss
    from spectra.metric import Metric as Metric
    from spectra.metric import Score as Score
    from spectra.metric import Scored as Scored
    from spectra.metrics.per_image import NotScored as NotScored
    from spectra.metrics.per_image import PerImage as PerImage
    from spectra.modalities import Modality as Modality
    from spectra.modalities import Scale as Scale
    from spectra.modalities import Task as Task
    from spectra.model import Model as Model
    from spectra.model import load as load
    from spectra.nn.pool import ImagePool as ImagePool
    from spectra.recipe.load import load_recipe as load_recipe
    from spectra.recipe.recipe import Recipe as Recipe
    from spectra.registry import API_VERSION as API_VERSION
    from spectra.settings import Config as Config
    from spectra.stage import Batch as Batch
    from spectra.stage import Images as Images
    from spectra.stage import Pairs as Pairs
    from spectra.stage import Player as Player
    from spectra.stage import Stage as Stage
    from spectra.stage import Term as Term
    from spectra.stage import Update as Update
    from spectra.translation.expand import expand as expand
    from spectra.translation.translate import translate as translate
    from spectra.translator import Imported as Imported
    from spectra.translator import Translator as Translator

_HOMES = {
    "API_VERSION": "registry",
    "About": "data.layout",
    "Batch": "stage",
    "Catalogue": "data.catalogue",
    "Config": "settings",
    "DataError": "errors",
    "ImageError": "errors",
    "ImageFile": "data.catalogue",
    "ImagePool": "nn.pool",
    "Images": "stage",
    "Imported": "translator",
    "Layout": "data.layout",
    "Loss": "loss",
    "Metric": "metric",
    "Modality": "modalities",
    "Model": "model",
    "ModelError": "errors",
    "NotScored": "metrics.per_image",
    "Pair": "data.pairs",
    "PairSet": "data.pairs",
    "Pairs": "stage",
    "PerImage": "metrics.per_image",
    "Picture": "data.pairs",
    "Place": "data.catalogue",
    "Player": "stage",
    "Recipe": "recipe.recipe",
    "RecipeError": "errors",
    "Scale": "modalities",
    "Score": "metric",
    "Scored": "metric",
    "Side": "data.layout",
    "SpectraError": "errors",
    "Stage": "stage",
    "Task": "modalities",
    "Term": "stage",
    "Translator": "translator",
    "Update": "stage",
    "expand": "translation.expand",
    "load": "model",
    "load_recipe": "recipe.load",
    "run": "bench.run",
    "scene": "data.scenes",
    "translate": "translation.translate",
    "undisturbed": "cli.loading",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("spectra-translate")
    if name not in _HOMES:
        raise AttributeError(f"module 'spectra' has no attribute {name!r}")
    return getattr(import_module(f"spectra.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
