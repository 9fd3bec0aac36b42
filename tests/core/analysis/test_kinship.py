import pytest

from core.analysis.kinship import are_kin, family_of, tells_family


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/gpt-4", "gpt"),
        ("openai/gpt-4o-mini", "gpt"),
        ("openai/o3-mini", "gpt"),
        ("azure/gpt-35-turbo", "gpt"),
        ("ollama/llama2:7b-chat-q2_K", "llama"),
        ("ollama/vicuna:7b-q3_K_L", "llama"),
        ("ollama/orca-mini:3b", "llama"),
        ("ollama/orca2:7b", "llama"),
        ("ollama/codellama:7b", "llama"),
        ("ollama/mistral:7b-instruct", "mistral"),
        ("ollama/mistral-openorca:7b", "mistral"),
        ("ollama/dolphin-mixtral:8x7b", "mistral"),
        ("ollama/zephyr:7b-beta", "mistral"),
        ("ollama/openchat:7b-v3.5", "mistral"),
        ("ollama/starling-lm:7b-alpha-q2_K", "mistral"),
        ("ollama/neural-chat:7b-v3.2-q3_K_L", "mistral"),
        ("ollama/stablelm-zephyr:3b", "stablelm"),
        ("ollama/solar:10.7b", "mistral"),
        ("ollama/nous-hermes2:34b-yi-q4_0", "yi"),
        ("ollama/nous-hermes2:10.7b", "mistral"),
        ("ollama/nous-hermes:7b", "llama"),
        ("ollama/aya:8b", "command"),
        ("ollama/aya-expanse:8b", "command"),
        ("ollama/maya:7b", "maya"),
        ("ollama/gpt-neox:20b", "gpt-neo"),
        ("ollama/gpt4all-j:6b", "gpt-neo"),
        ("ollama/gpt-oss:20b", "gpt"),
        ("openai/chatgpt-4o-latest", "gpt"),
        ("ollama/deepseek-r1-distill-qwen:7b", "qwen"),
        ("ollama/phi3:mini", "phi"),
        ("ollama/phind-codellama:34b", "llama"),
        ("ollama/gemma2:9b", "gemini"),
        ("anthropic/claude-3-haiku", "claude"),
    ],
)
def test_a_model_is_of_the_family_that_it_was_made_from(model: str, family: str) -> None:
    assert family_of(model) == family


def test_an_unknown_model_is_a_family_of_its_own() -> None:
    assert family_of("ollama/Something-New:7b") == "something-new"
    assert are_kin("ollama/something-new:7b", "other/something-new:3b")
    assert not are_kin("ollama/something-new:7b", "ollama/something-else:7b")


def test_the_name_of_a_deployment_may_tell_no_family() -> None:
    assert not tells_family("azure/judge-eu")
    assert tells_family("azure/gpt-4o-eu")
