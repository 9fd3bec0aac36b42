"""Which family a model comes from, told by its name: kin may favour each other's texts.

A fine-tuned model belongs to the family of the model it was made from, as its authors state it.
What the name does not tell is a family of its own, so that it is nobody's kin.
"""

import re
from typing import Final

__all__ = ["are_kin", "family_of", "tells_family"]

_LINEAGES: Final[tuple[tuple[str, str], ...]] = (
    # Made from another family's model; the first that is found holds.
    ("stablelm", "stablelm"),  # stablelm-zephyr is Zephyr's recipe on StableLM
    ("-qwen", "qwen"),
    ("dolphin-phi", "phi"),
    ("solar", "mistral"),  # of Llama's build, initialised from the weights of Mistral 7B
    ("nous-hermes2:34b", "yi"),
    ("nous-hermes2", "mistral"),  # the small one is made from SOLAR, another from Mixtral
    ("gpt-?neo|gpt-?j|gpt4all-?j", "gpt-neo"),
    ("gpt4all", "llama"),
    ("mistral|mixtral|mistrallite", "mistral"),
    ("zephyr|openchat|starling|neural-?chat|openhermes|notus|notux|bakllava|wizardlm2", "mistral"),
    ("llama|vicuna|alpaca|koala|guanaco|wizard|orca|beluga|hermes|meditron|llava", "llama"),
    ("tinydolphin|everythinglm|xwin|goliath", "llama"),
    # Families by their own names.
    (r"\b(chat)?gpt-?([2345]|oss)|davinci|^o[134]\b", "gpt"),
    ("claude", "claude"),
    ("gemini|gemma|palm", "gemini"),
    ("ministral|magistral|codestral", "mistral"),
    ("qwen|qwq", "qwen"),
    (r"^phi(?!nd)", "phi"),
    ("deepseek", "deepseek"),
    (r"^command\b|^(c4ai-)?aya\b", "command"),
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
    return _known_family(model) or _name(model).partition(":")[0]


def tells_family(model: str) -> bool:
    """Whether the name tells a family; that of an Azure deployment, which is anyone's, may not."""
    return _known_family(model) is not None


def are_kin(one: str, other: str) -> bool:
    """Whether two models are of the same family."""
    return family_of(one) == family_of(other)


def _known_family(model: str) -> str | None:
    name = _name(model)
    return next((family for pattern, family in _LINEAGES if re.search(pattern, name)), None)


def _name(model: str) -> str:
    return model.lower().rpartition("/")[2]
