from __future__ import annotations

from pathlib import Path

from birdscope.core.cpu import CpuFeatures, cpu_features


def test_flags_are_read(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nflags\t\t: fpu avx512_vnni avx512_bf16\n\nprocessor : 1\n")
    assert cpu_features(path) == CpuFeatures(bfloat16=True, vnni=True)
    path.write_text("flags : fpu avx2\n")
    assert cpu_features(path) == CpuFeatures(bfloat16=False, vnni=False)


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert not cpu_features(tmp_path / "gone").known
