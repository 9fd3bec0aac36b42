"""Which family a model comes from, told by its name: kin may favour each other's texts.

A fine-tuned model belongs to the family of the model it was made from, as its authors state it.
What the name does not tell is a family of its own, so that it is nobody's kin.
"""

import re
from typing import Final

__all__ = ["are_kin", "family_of"]

_LINEAGES: Final[tuple[tuple[str, str], ...]] = (
    # Made from another family's model; the first that is found holds.
    ("stablelm", "stablelm"),  # stablelm-zephyr is Zephyr's recipe on StableLM
    ("-qwen", "qwen"),
    ("dolphin-phi", "phi"),
    ("solar", "llama"),
    ("mistral|mixtral|mistrallite", "mistral"),
    ("zephyr|openchat|starling|neural-?chat|openhermes|notus|notux|bakllava|wizardlm2", "mistral"),
    ("llama|vicuna|alpaca|koala|guanaco|wizard|orca|beluga|hermes|meditron|llava", "llama"),
    ("tinydolphin|everythinglm|xwin|goliath", "llama"),
    # Families by their own names.
    (r"gpt|davinci|^o[134]\b", "gpt"),
    ("claude", "claude"),
    ("gemini|gemma|palm", "gemini"),
    ("ministral|magistral|codestral", "mistral"),
    ("qwen|qwq", "qwen"),
    (r"^phi(?!nd)", "phi"),
    ("deepseek", "deepseek"),
    ("command-?r|aya", "command"),
    ("falcon", "falcon"),
    (r"^yi\b", "yi"),
    ("granite", "granite"),
    ("grok", "grok"),
)


def family_of(model: str) -> str:
    """Return the family of a model named ``provider/model:tag``, in lower case.

    ``ollama/vicuna:7b`` is of the family ``llama``, ``openai/gpt-4`` of ``gpt``. A model of no
    known family is its own: its name without provider and tag.
    """
    name = model.lower().rpartition("/")[2]
    for pattern, family in _LINEAGES:
        if re.search(pattern, name):
            return family
    return name.partition(":")[0]


def are_kin(one: str, other: str) -> bool:
    """Whether two models are of the same family."""
    return family_of(one) == family_of(other)
