from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeplan.surgery.splitting.describe import Sending
from edgeplan.surgery.splitting.manifest import ManifestError, read_manifest
from edgeplan.surgery.splitting.splitting import split_at

Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture
def split(source: Path, tmp_path: Path) -> Path:
    """A folder with a split."""
    split_at(source, ("conv", "relu"), tmp_path / "out", sending=Sending("uint8", back=None), verify=False)
    return tmp_path / "out"


def spoilt(split: Path, spoil: Spoil) -> str:
    """What is said of the manifest after it was changed."""
    place = split / "manifest.json"
    held = json.loads(place.read_text())
    spoil(held)
    place.write_text(json.dumps(held))
    with pytest.raises(ManifestError) as caught:
        read_manifest(split)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 400
    return said.removeprefix(f"{place} is no manifest of a split: ")


CASES: dict[str, tuple[Spoil, str]] = {
    "a file elsewhere": (
        lambda m: m["device"]["files"][0].update(name="../net.device.onnx"),
        "'../net.device.onnx' is no name of a model's file beside it",
    ),
    "an absolute path": (
        lambda m: m["cloud"]["files"][0].update(name="/etc/net.onnx"),
        "'/etc/net.onnx' is no name of a model's file beside it",
    ),
    "a folder of Windows": (
        lambda m: m["cloud"]["files"][0].update(name="..\\net.onnx"),
        "'..\\\\net.onnx' is no name of a model's file beside it",
    ),
    "another kind of file": (
        lambda m: m["cloud"]["files"][0].update(name="manifest.json"),
        "'manifest.json' is no name of a model's file beside it",
    ),
    "a hidden file": (
        lambda m: m["cloud"]["files"][0].update(name=".ssh.onnx"),
        "'.ssh.onnx' is no name of a model's file beside it",
    ),
    "one file for both": (lambda m: m.update(cloud=m["device"]), "a file is named twice"),
    "a model among no files": (
        lambda m: m["device"].update(model="x.onnx"),
        "the model of the device is none of its files",
    ),
    "no checksum": (lambda m: m["model"].update(sha256="0"), "the size or the checksum of 'net.onnx' is none"),
    "a negative size": (
        lambda m: m["device"]["files"][0].update(bytes=-1),
        "the size or the checksum of 'net.device.onnx' is none",
    ),
    "no side": (lambda m: m.update(device=None, cloud=None), "neither side has a model"),
    "twice sent": (lambda m: m["boundary"].append(m["boundary"][0]), "the tensors sent up name a tensor twice"),
    "not what the cloud reads": (lambda m: m.update(boundary=[]), "what is sent up is not what the cloud reads"),
    "not what the device has": (
        lambda m: m["device"].update(outputs=["c"]),
        "the device does not make the output 'b'",
    ),
    "sent from nowhere": (
        lambda m: (m["device"].update(outputs=["c"]), m["outputs"].pop(0)),
        "'b' is sent up, and the device does not have it",
    ),
    "back from nowhere": (lambda m: m["back"][0].update(name="z"), "'z' comes back, and the cloud does not make it"),
    "an input of nobody": (
        lambda m: m["inputs"][0].update(sides=["device", "cloud"]),
        "the cloud does not read the input 'x'",
    ),
    "an input left out": (
        lambda m: m.update(inputs=[]),
        "the device's inputs are not those of the model that it reads",
    ),
    "no such encoding": (lambda m: m.update(encoding="int4"), "no encoding is called 'int4'"),
    "none of a tensor": (lambda m: m["boundary"][0].update(encoding="gzip"), "no encoding is called 'gzip'"),
    "no such type": (lambda m: m["boundary"][0].update(dtype="float31"), "no tensor of type 'float31' can be sent"),
    "strings": (lambda m: m["boundary"][0].update(dtype="string"), "no tensor of type 'string' can be sent"),
    "no shape": (lambda m: m["boundary"][0].update(shape=[-1, 4, 6, 6]), "'b' has no shape that a tensor can have"),
    "a shape of any rank": (
        lambda m: m["boundary"][0].update(shape=[1] * 99),
        "'b' has no shape that a tensor can have",
    ),
    "another size": (lambda m: m["boundary"][0].update(bytes=577), "'b' has 577 bytes, and 576 by its shape"),
    "beyond any memory": (
        lambda m: m["boundary"][0].update(shape=[1 << 60], bytes=1 << 62),
        "'b' has 4611686018427387904 bytes: more than any tensor that is sent",
    ),
    "more than it is": (
        lambda m: m["boundary"][0].update(sent_bytes=1 << 40),
        "'b' of 576 bytes is not sent in 1099511627776",
    ),
    "sent in no size": (
        lambda m: m["boundary"][0].update(shape=None, bytes=None, sent_bytes=None),
        "the size of 'b', which is sent up, is not stated",
    ),
    "a size of nothing": (lambda m: m["back"][0].update(shape=None), "'y' has a size and no shape"),
    "no model": (lambda m: m.pop("model"), "Object missing required field `model`"),
    "a list for a name": (lambda m: m["model"].update(name=[]), "Expected `str`, got `array` - at `$.model.name`"),
    "negative ops": (lambda m: m["device"].update(ops=-1), "the device has -1 ops"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_no_split_can_be_is_refused(case: str, split: Path) -> None:
    spoil, why = CASES[case]
    assert spoilt(split, spoil) == why


def test_another_format_is_another_format(split: Path) -> None:
    place = split / "manifest.json"
    assert spoilt(split, lambda m: m.update(format=2)) == f"{place} has the format 2, and only 1 is known here"


def test_fields_of_later_versions_are_passed_over(split: Path) -> None:
    place = split / "manifest.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "later": 1}))
    assert read_manifest(place) == read_manifest(split)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "1"}', "[" * 10000, '{"format": 1}', "\ud800"])
def test_what_is_no_manifest_at_all(text: str, tmp_path: Path) -> None:
    place = tmp_path / "manifest.json"
    place.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ManifestError, match="is no manifest of a split: "):
        read_manifest(tmp_path)


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(ManifestError, match="it is larger than"):
        read_manifest(tmp_path)


def test_no_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(tmp_path)


def test_files_are_held_against_their_checksums(split: Path) -> None:
    found = read_manifest(split)
    found.verify_files(split)
    half = split / "net.cloud.onnx"
    data = half.read_bytes()
    half.write_bytes(data[:-1] + b"\0")
    with pytest.raises(ManifestError, match=r"'net.cloud.onnx' is not the file .*: its checksum differs"):
        found.verify_files(split)
    half.write_bytes(data[:-1])
    with pytest.raises(ManifestError, match=rf"'net.cloud.onnx' has {len(data) - 1} bytes, and {len(data)} by its"):
        found.verify_files(split)
    half.unlink()
    with pytest.raises(ManifestError, match=r"'net.cloud.onnx' cannot be read: No such file"):
        found.verify_files(split)
    os.symlink(split / "net.device.onnx", half)
    with pytest.raises(ManifestError, match=r"'net.cloud.onnx' is no file"):
        found.verify_files(split)


def test_reading_one_takes_no_onnx(split: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from edgeplan.surgery.splitting.manifest import read_manifest\n"
        "read_manifest(Path(sys.argv[1])).verify_files(Path(sys.argv[1]))\n"
        "print([m for m in ('onnx', 'onnx_ir', 'numpy', 'onnxruntime', 'networkx') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code, str(split)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
