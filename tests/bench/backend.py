"""A model as label-studio-ml 1.0.9 of PyPI serves it: `tests.bench.backend:app`, in an environment that has it."""

import os
from typing import Any

from label_studio_ml.api import init_app  # type: ignore[import-not-found] # of the other environment
from label_studio_ml.model import LabelStudioMLBase  # type: ignore[import-not-found] # likewise


class Fruits(LabelStudioMLBase):
    """Tells fruit by its name."""

    def predict(self, tasks: list[dict[str, Any]], **_options: Any) -> list[dict[str, Any]]:
        """Say of each task what it is, by what the labelling configuration names."""
        [(control, asked)] = self.parsed_label_config.items()
        [item], [part] = asked["to_name"], asked["inputs"]
        fruit, car = asked["labels"]
        texts = [task["data"][part["value"]] for task in tasks]
        said = [{"choices": [fruit if "apple" in text else car]} for text in texts]
        region = {"from_name": control, "to_name": item, "type": "choices"}
        return [{"score": 0.9, "result": [{**region, "value": value}]} for value in said]


app = init_app(Fruits, model_dir=os.environ["MODEL_DIR"])
