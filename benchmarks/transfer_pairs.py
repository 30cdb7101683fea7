"""SAR to grey, and SAR to RGB with its weights or from scratch: the pairs and the recipes of that experiment."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import yaml


def prepared(data: Path, target: str, into: Path) -> Path:
    """SPLIT/{sar,rgb,gray}: the images of DATA, and the grey of its RGB."""
    splits = [folder for folder in sorted(data.iterdir()) if (folder / "sar").is_dir() and (folder / target).is_dir()]
    if not splits:
        raise SystemExit(f"{data} has no folder that holds both sar and {target}.")
    for split in splits:
        shutil.copytree(split / "sar", into / split.name / "sar")
        shutil.copytree(split / target, into / split.name / "rgb")
        grey = into / split.name / "gray"
        grey.mkdir()
        for file in sorted((split / target).iterdir()):
            image = cv2.imread(str(file), cv2.IMREAD_COLOR)
            if image is None or not cv2.imwrite(
                str(grey / f"{file.stem}.png"), cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            ):
                raise SystemExit(f"{file} could not be made grey.")
    return into


def experiments(folder: Path, translator: str, preset: str | None) -> tuple[Path, Path, Path]:
    """Recipes: grey, RGB that begins with the weights of its run, RGB from scratch."""
    method = {"translator": translator, **({"preset": preset} if preset else {})}
    recipes = {
        "grey": {"task": "sar2gray", **method},
        "begun_with_grey": {"task": "sar2rgb", **method, "init_from": {"run": str(folder / "grey")}},
        "scratch": {"task": "sar2rgb", **method},
    }
    files = []
    for name, said in recipes.items():
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(yaml.safe_dump(said), encoding="utf-8")
    return files[0], files[1], files[2]
