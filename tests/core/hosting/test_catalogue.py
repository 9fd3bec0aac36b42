"""The catalogue is the paper's table, corrected where it contradicts itself, and says so."""

import re

from core.hosting.catalogue import catalogue, catalogue_model
from core.providers.ollama_api.names import parse_ollama_name


def test_all_rows_of_the_table_are_there_under_names_that_ollama_takes() -> None:
    names = [row.name for row in catalogue()]
    assert len(set(names)) == len(names) == 28
    assert len({name.partition(":")[0] for name in names}) == 10
    assert [parse_ollama_name(name) for name in names] == names


def test_no_row_contradicts_its_own_name() -> None:
    for row in catalogue():
        parameters = re.search(r"(\d+)b", row.name)
        assert parameters is not None
        assert row.parameters_billions == int(parameters[1])
        bits = re.search(r"-q(\d)_K", row.name)
        assert row.quantization_bits == (int(bits[1]) if bits else 4)


def test_more_bits_of_one_model_are_a_larger_file() -> None:
    for family in {row.name.partition(":")[0] for row in catalogue()}:
        rows = [row for row in catalogue() if row.name.startswith(f"{family}:")]
        sizes = [row.file_gb for row in sorted(rows, key=lambda row: row.quantization_bits)]
        assert sizes == sorted(set(sizes))


def test_each_correction_says_what_was_printed_and_why() -> None:
    corrected = {
        (row.name, correction.field): correction.printed
        for row in catalogue()
        for correction in row.corrections
    }
    assert corrected == {
        ("stablelm-zephyr:3b-q3_K_L", "name"): "stablelm-zephyr:3b-q2_K_L",
        ("starling-lm:7b-alpha-q3_K_L", "parameters_billions"): "3",
        ("vicuna:7b-q3_K_L", "name"): "vicuna:7b-q2_K_L",
        ("vicuna:7b-q3_K_L", "quantization_bits"): "4",
        ("vicuna:7b-q3_K_L", "parameters_billions"): "3",
    }
    for row in catalogue():
        for correction in row.corrections:
            assert correction.why.endswith(".")
            assert str(getattr(row, correction.field)) != correction.printed


def test_figures_are_read_in_the_units_of_the_table() -> None:
    row = catalogue_model("llama2:7b-chat")
    assert row is not None
    assert row.file_bytes == 3_800_000_000
    assert row.memory_bytes == 6933 * 1024 * 1024
    assert catalogue_model("gemma3:4b") is None
