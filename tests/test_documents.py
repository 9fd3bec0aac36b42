"""What the documents say is what the project does."""

import re
from pathlib import Path

from core.settings import Settings

ROOT = Path(__file__).parent.parent


def test_the_readme_tells_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", readme, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        shown = rows.pop(str(field.alias))
        if field.default_factory is None:
            wanted = "unset" if field.default is None else f"`{field.default}`"
            assert shown == wanted, name
    assert not rows, "the README tells settings that are no more"


def test_every_link_of_the_documents_leads_somewhere() -> None:
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for document in documents:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_files_that_the_documents_name_exist() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        for name in re.findall(
            r"`((?:core|db|ui|daemon|benchmarks|slam)/[\w/.]+)`", document.read_text("utf-8")
        ):
            assert (ROOT / name).exists(), f"{document.name}: {name}"


def test_the_constraints_pin_every_dependency() -> None:
    pinned = (ROOT / "constraints.txt").read_text("utf-8").lower().replace("_", "-")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    wanted = set(re.findall(r'^\s+"([A-Za-z0-9-]+)(?:\[\w+\])?[<>=~]', project, re.MULTILINE))
    assert wanted
    for name in wanted:
        assert re.search(rf"^{name.lower()}==", pinned, re.MULTILINE), name
