from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from birdscope.core.errors import CheckpointError, ConfigError
from birdscope.core.events import Event, silent
from birdscope.inference import openvino_backend, openvino_cache
from birdscope.inference.backends import choose_backend, pick_device
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.predictor import Predictor
from tests.nets.tiny import save_public, save_tiny

pytest.importorskip("openvino", reason="the optional backend is not installed")

CLASSES = ("a", "b", "c", "d")
CPU = pick_device("cpu")


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of our nets, and one like the public seresnext with its maximum over frames."""
    root = tmp_path_factory.mktemp("openvino")
    save_tiny(root / "mine" / "one.safetensors", seed=1)
    save_public(root / "public" / "sedmodel.pth", seed=3)
    path = root / "both.toml"
    path.write_text(
        '[[members]]\nname = "mine"\ncheckpoints = "mine"\n'
        '[[members]]\nname = "public"\ncheckpoints = "public"\nthrough_half = true\n'
    )
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.getbasetemp() / "openvino-cache"
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(folder))
    return folder


def sound(seconds: int = 20) -> npt.NDArray[np.float32]:
    return (0.1 * np.random.default_rng(5).standard_normal(seconds * 32_000)).astype(np.float32)


def load(ensemble: Path, heard: list[Event] | None = None, **options: str) -> Predictor:
    emit = heard.append if heard is not None else silent
    return Predictor.load(ensemble, CLASSES, device="cpu", emit=emit, **options)  # type: ignore[arg-type]


def test_exact_agrees_with_torch(ensemble: Path) -> None:
    torch_values = load(ensemble, backend="torch").predict(sound(), 4)
    predictor = load(ensemble, backend="openvino")
    assert (predictor.backend, predictor.precision) == ("openvino", "exact")
    values = predictor.predict(sound(), 4)
    np.testing.assert_allclose(values, torch_values, atol=1e-5)
    np.testing.assert_array_equal(values, predictor.predict(sound(), 4))
    one = predictor.predict_window(sound(), 2, 4)
    np.testing.assert_allclose(one, values[:, 2], atol=1e-5)


def test_fast_is_near_where_the_cpu_has_bfloat16(ensemble: Path) -> None:
    heard: list[Event] = []
    predictor = load(ensemble, heard, backend="openvino", precision="fast")
    exact = load(ensemble, backend="openvino").predict(sound(), 4)
    values = predictor.predict(sound(), 4)
    if predictor.precision == "fast":
        assert 0 < np.abs(values - exact).max() < 0.05
    else:
        assert any("bfloat16" in one.message for one in heard)
        np.testing.assert_array_equal(values, exact)


def test_a_net_is_converted_once(ensemble: Path, cache: Path) -> None:
    load(ensemble, backend="openvino")
    heard: list[Event] = []
    load(ensemble, heard, backend="openvino")
    assert not [one for one in heard if "converting" in one.message]
    assert len([one for one in (cache / "openvino").iterdir() if one.is_dir()]) == 2


def test_other_weights_are_another_conversion(tmp_path: Path, cache: Path) -> None:
    for seed in (7, 8):
        save_tiny(tmp_path / "mine" / "one.safetensors", seed=seed)
        (tmp_path / "one.toml").write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\n')
        torch_values = load(tmp_path / "one.toml", backend="torch").predict(sound(5), 1)
        values = load(tmp_path / "one.toml", backend="openvino").predict(sound(5), 1)
        np.testing.assert_allclose(values, torch_values, atol=1e-5)


def test_a_damaged_conversion_is_made_again(ensemble: Path, cache: Path) -> None:
    values = load(ensemble, backend="openvino").predict(sound(), 4)
    for model in (cache / "openvino").glob("*/model.xml"):
        model.write_text("<net")
    heard: list[Event] = []
    again = load(ensemble, heard, backend="openvino").predict(sound(), 4)
    assert len([one for one in heard if "converting" in one.message]) == 2
    np.testing.assert_array_equal(again, values)


def test_two_at_once_convert_once(
    ensemble: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path))
    made: list[str] = []
    convert = openvino_cache._convert

    def counted(checkpoint, target):  # type: ignore[no-untyped-def]
        made.append(target.name)
        convert(checkpoint, target)

    monkeypatch.setattr(openvino_cache, "_convert", counted)
    threads = [
        threading.Thread(target=load, args=(ensemble,), kwargs={"backend": "openvino"})
        for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == len(set(made)) == 2


def test_torch_computes_exactly_and_says_so(ensemble: Path) -> None:
    heard: list[Event] = []
    assert load(ensemble, heard, backend="torch", precision="fast").precision == "exact"
    assert any("needs OpenVINO" in one.message for one in heard)


def test_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIRDSCOPE_BACKEND", "torch")
    assert choose_backend("auto", "exact", CPU, silent) == ("torch", "exact")
    monkeypatch.delenv("BIRDSCOPE_BACKEND")
    assert choose_backend("auto", "exact", CPU, silent) == ("openvino", "exact")
    monkeypatch.setattr(openvino_backend, "installed", lambda: False)
    assert choose_backend("auto", "exact", CPU, silent) == ("torch", "exact")
    with pytest.raises(ConfigError, match="not installed"):
        choose_backend("openvino", "exact", CPU, silent)


def test_weights_of_a_converted_net_are_not_read(
    ensemble: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = load(ensemble, backend="openvino").predict(sound(5), 1)

    def refuse(self: LoadedCheckpoint) -> LoadedCheckpoint:
        raise AssertionError(f"{self.name} is read")

    monkeypatch.setattr(LoadedCheckpoint, "with_weights", refuse)
    predictor = load(ensemble, backend="openvino")
    assert all(one.is_meta for net in predictor.loaded for one in net.module.parameters())
    assert predictor.describe().parameters > 1000
    np.testing.assert_array_equal(predictor.predict(sound(5), 1), wanted)
    with pytest.raises(AssertionError, match="is read"):
        load(ensemble, backend="torch")


def test_a_checkpoint_that_is_wrong_is_refused_although_no_weights_are_read(tmp_path: Path) -> None:
    save_tiny(tmp_path / "mine" / "one.safetensors", seed=1)
    path = tmp_path / "one.toml"
    path.write_text('[[members]]\nname = "mine"\ncheckpoints = "mine"\narchitecture = "timm_sed"\n')
    with pytest.raises(CheckpointError, match="architecture"):
        load(path, backend="openvino")


def test_openvino_reports_to_nobody():
    code = (
        "import sys\n"
        "from birdscope.inference.openvino_module import load_openvino\n"
        "load_openvino()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__, sys.modules['openvino_telemetry'])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["openvino.tools.ovc.telemetry_stub", "None"]


def test_signals_are_heard_after_an_ensemble_went_in_another_thread(ensemble: Path) -> None:
    code = (
        "import faulthandler, gc, pathlib, signal, sys, threading\n"
        "from birdscope.inference.predictor import Predictor\n"
        # gives this thread an alternative signal stack, as pytest and the engine do
        "faulthandler.enable()\n"
        "signal.signal(signal.SIGUSR1, lambda *about: print('heard'))\n"
        "path, classes = pathlib.Path(sys.argv[1]), ('a', 'b', 'c', 'd')\n"
        "held = [Predictor.load(path, classes, device='cpu', backend='openvino')]\n"
        "def let_go():\n"
        "    held.clear()\n"
        "    gc.collect()\n"
        "thread = threading.Thread(target=let_go)\n"
        "thread.start()\n"
        "thread.join()\n"
        "signal.raise_signal(signal.SIGUSR1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ensemble)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr
