"""What can be set, called or asked for is documented, and what is documented is there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from moviefinder import errors
from moviefinder.app import make_app
from moviefinder.config import ProviderSettings, Settings, SourceSettings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def document():
    """The OpenAPI document that is committed."""
    return json.loads((DOCS / "openapi.json").read_text())


def operations(document):
    """Method, path and operation of everything the API does."""
    return [
        (method, path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def test_generated_pages_are_fresh():
    """`make docs` would change nothing."""
    told = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_setting_has_a_sentence():
    """An operator reads what it does, not its name again."""
    text = (DOCS / "settings.md").read_text()
    rows = {f"MOVIEFINDER_{name.upper()}": (name, field) for name, field in Settings.model_fields.items()}
    # Tables of their own, each with these:
    for table, example, model in (
        ("SOURCES", "TMDB", SourceSettings),
        ("PROVIDERS", "GOOGLE", ProviderSettings),
    ):
        del rows[f"MOVIEFINDER_{table}"]
        rows |= {
            f"MOVIEFINDER_{table}_{example}_{name.upper()}": (name, field)
            for name, field in model.model_fields.items()
        }
    for variable, (name, field) in rows.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert f"| `{name}` | `{variable}` |" in text


def test_every_command_says_what_it_does():
    """Help has a sentence for each command, and an example is never needed to understand it."""
    sections = re.findall(
        r"^## (.+)\n\n```\nUsage: .+\n\n  (.*)$", (DOCS / "commands.md").read_text(), re.MULTILINE
    )
    assert [name for name, sentence in sections if not sentence.strip()] == []
    assert {"moviefinder", "moviefinder serve", "moviefinder catalogue build"} <= {
        name for name, _ in sections
    }


def test_every_route_has_a_summary_and_stands_in_the_list(document):
    """The list is what a client's author reads first."""
    text = (DOCS / "api.md").read_text()
    for method, path, told in operations(document):
        assert told.get("summary"), f"{method} {path}"
        assert f"| `{method.upper()}` | `{path}` | {told['summary'].rstrip('.')} |" in text


def test_every_problem_type_is_listed():
    """A client can look up what it was answered."""
    text = (DOCS / "api.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert kinds
    assert [kind.__name__ for kind in kinds if f"`/problems/{kind.problem}`" not in text] == []


def test_every_source_is_documented():
    """Whom it calls, how long its facts are kept, and the words by which it wants to be named."""
    text, notices = (DOCS / "sources.md").read_text(), (ROOT / "DATA-LICENSES.md").read_text()
    app = make_app(Settings(data=ROOT, sources={"tmdb": {"key": "k"}, "imdb-graphql": {"client": "c"}}))
    for source in app.sources.values():
        if source.hosts:
            row = re.search(rf"^\| `{source.name}` \|.*$", text, re.MULTILINE)
            assert row, source.name
            assert all(f"`{host.host}`" in row[0] for host in source.hosts), source.name
            assert (f"{source.keeps.days} days" if source.keeps else "as long as you like") in row[0]
            assert source.credit.partition(" (")[0].partition(", CC")[0].split(". Where")[0] in notices
    app.close()


def test_links_between_pages_lead_somewhere():
    """A reader is never sent to a page that is not there."""
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    assert pages
    for page in pages:
        for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"
