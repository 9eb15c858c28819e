"""Mirrors experiments/stages.py, experiments/sources.py and experiments/wiring.py."""

from pathlib import Path

import pytest

from experiments import sources
from experiments.stages import Stage, ordered
from experiments.wiring import filled, roles_in, split_trainer, wired


def test_a_fingerprint_is_of_settings_inputs_and_files_not_of_what_is_free(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a")
    before = Stage("before", "toys:run")
    stage = Stage("stage", "toys:run", {"lr": 1}, {"before": before}, {"raw": str(tmp_path / "raw")}, {"devices": 1})
    same = Stage("stage", "toys:run", {"lr": 1}, {"before": before}, {"raw": str(tmp_path / "raw")}, {"devices": 4})
    assert stage.fingerprint == same.fingerprint
    assert stage.fingerprint != Stage("stage", "toys:run", {"lr": 2}, stage.inputs, stage.files).fingerprint
    other = Stage("before", "toys:run", {"seed": 1})
    assert stage.fingerprint != Stage("stage", "toys:run", {"lr": 1}, {"before": other}, stage.files).fingerprint
    (tmp_path / "raw").write_text("b")
    assert stage.fingerprint != Stage("stage", "toys:run", {"lr": 1}, stage.inputs, stage.files).fingerprint


def test_a_file_counts_by_content_not_by_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dataset.json").write_text("{}")
    prints = [Stage("s", "toys:run", files={"posts": str(tmp_path / name)}).fingerprint for name in ("one", "two")]
    assert prints[0] == prints[1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        _ = Stage("s", "toys:run", files={"posts": str(tmp_path / "nowhere")}).fingerprint


def test_stages_are_ordered_once_inputs_first() -> None:
    first = Stage("first", "toys:run")
    rows = [Stage(name, "toys:run", {"row": name}, {"first": first}) for name in ("a", "b")]
    assert [stage.name for stage in ordered(rows)] == ["first", "a", "b"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "encoders/__init__.py": "from encoders.image import Image\nfrom encoders.text import Text\n",
        "encoders/image.py": "from encoders.pictures import read\n",
        "encoders/pictures.py": "",
        "encoders/text.py": "import torch\n",
        "experiments/__init__.py": "",
        "experiments/steps.py": "def run():\n    from encoders import Image\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    sources._statements.cache_clear()
    return tmp_path


def test_sources_follow_the_name_that_is_imported_not_its_package(project: Path) -> None:
    found = {path.relative_to(project).as_posix() for path in sources.reachable(frozenset({"experiments.steps"}))}
    assert found == {"experiments/steps.py", "encoders/image.py", "encoders/pictures.py"}


def test_a_users_own_class_counts_and_an_installed_one_does_not(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "mine.py").write_text("import torch\n")
    monkeypatch.chdir(own)
    before = sources.source_digest("mine.Encoder", "torch.nn.Linear")
    (own / "mine.py").write_text("import torch  # edited\n")
    assert sources.source_digest("mine.Encoder", "torch.nn.Linear") != before
    assert sources.reachable(frozenset({"mine.Encoder", "torch.nn.Linear"})) == {own / "mine.py"}


def test_an_edit_changes_the_digest_of_what_runs_it_and_of_nothing_else(project: Path) -> None:
    steps, text = sources.source_digest("experiments.steps"), sources.source_digest("encoders.Text")
    (project / "encoders/pictures.py").write_text("EDITED = True\n")
    assert sources.source_digest("experiments.steps") != steps
    assert sources.source_digest("encoders.Text") == text


def test_class_paths_in_settings_count_as_sources() -> None:
    settings = {"model": {"class_path": "a.B", "init_args": {"parts": [{"class_path": "c.D"}]}}}
    assert sources.class_paths(settings) == ["a.B", "c.D"]


def test_roles_become_inputs_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "posts").write_text("")
    made = Stage("index", "toys:run")
    settings = {"data": ["{index}/corpus", "{posts}"], "name": "plain {index}"}
    stage = wired(
        "retrieve", "retrieve:retrieve", settings, {"index": made, "posts": str(tmp_path / "posts"), "x": made}
    )
    assert (stage.inputs, stage.files) == ({"index": made}, {"posts": str(tmp_path / "posts")})
    assert roles_in(settings) == {"index", "posts"}
    assert filled(settings, {"index": Path("i"), "posts": Path("p")}) == {
        "data": ["i/corpus", "p"],
        "name": "plain {index}",
    }
    with pytest.raises(KeyError, match="known: posts"):
        filled(settings, {"posts": Path("p")})


def test_precision_is_in_the_fingerprint_and_devices_are_not() -> None:
    kept, free = split_trainer({"precision": "bf16-mixed", "devices": 4, "max_epochs": 10, "max_steps": None})
    assert kept == {"precision": "bf16-mixed", "max_epochs": 10}
    assert free == {"devices": 4}
