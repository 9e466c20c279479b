"""A model file gives back what was saved, and nothing damaged or forged is taken for one."""

import hashlib
import io
import json
import tracemalloc
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviefinder.errors import Invalid
from moviefinder.recommend import model_file
from moviefinder.recommend.model_file import Model, load, save
from tests.factories import make_model

SMALL = make_model(
    [[(1, 5, -7), (3, 127, 0)], [], [(0, -128, 3), (1, 1, 1), (3, 2, 2)], [(2, 9, 9)]],
    broad_source=[[0.5], [0.25], [1], [-2]],
    broad_target=[[1], [2], [3], [4]],
)


@pytest.fixture
def path(tmp_path):
    """Where a small model was saved."""
    save(SMALL, tmp_path / "model.npz")
    return tmp_path / "model.npz"


def same(first, second):
    """Whether two models hold the same."""
    return all(
        np.array_equal(getattr(first, field.name), getattr(second, field.name))
        and getattr(first, field.name).dtype == getattr(second, field.name).dtype
        if isinstance(getattr(first, field.name), np.ndarray)
        else getattr(first, field.name) == getattr(second, field.name)
        for field in fields(Model)
        if field.name != "meta"
    )


@st.composite
def models(draw):
    """Models of a few films with any links."""
    n = draw(st.integers(1, 9))
    weight = st.integers(-128, 127)
    rows = [
        draw(
            st.lists(
                st.tuples(st.integers(0, n - 1), weight, weight), max_size=6, unique_by=lambda link: link[0]
            )
        )
        for _ in range(n)
    ]
    number = st.floats(-4, 4, width=16)
    r = draw(st.integers(0, 3))
    broad = [draw(st.lists(number, min_size=r * n, max_size=r * n)) for _ in range(2)]
    source, target = (np.array(values, np.float32).reshape(n, r) for values in broad)
    return make_model(rows, broad_source=source, broad_target=target)


@given(model=models())
@settings(deadline=None)
def test_what_is_loaded_is_what_was_saved(model, tmp_path_factory):
    """Every array with its type; and saved again it gives the same bytes."""
    first, second = (tmp_path_factory.mktemp("models") / name for name in ("a.npz", "b.npz"))
    save(model, first)
    loaded = load(first)
    assert same(model, loaded)
    assert loaded.meta == {**model.meta, "format": 1}
    save(loaded, second)
    assert first.read_bytes() == second.read_bytes()


def test_numpy_can_read_the_file_without_pickle(path):
    """It is an ordinary .npz."""
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["few"].tolist() == SMALL.few.tolist()
        assert json.loads(arrays["meta"].tobytes())["version"] == "2026.01-test"


def test_any_other_byte_is_refused(path):
    """Each byte in turn, whatever it stands for."""
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Invalid):
            load(path)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"x" * 1000])
def test_what_is_no_model_is_refused_with_the_remedy(path, content):
    """Nothing, next to nothing, and something else."""
    path.write_bytes(content)
    with pytest.raises(Invalid, match="Name a file that `moviefinder train` wrote"):
        load(path)


def test_a_cut_file_is_refused(path):
    """Wherever it ends."""
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(Invalid):
            load(path)


def test_a_missing_file_is_named(tmp_path):
    """With what the system said."""
    with pytest.raises(Invalid, match=r"gone\.npz: no such file"):
        load(tmp_path / "gone.npz")


def forge(path, **changed):
    """Write other arrays, or raw bytes, under a checksum that is right."""
    with np.load(path) as arrays:
        members = {name: arrays[name] for name in arrays.files} | changed
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            npy = io.BytesIO()
            if isinstance(array, bytes):
                npy.write(array)
            else:
                np.lib.format.write_array(npy, np.asarray(array), version=(1, 0))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), npy.getvalue(), zipfile.ZIP_DEFLATED)
        archive.comment = model_file._MAGIC + b"0" * 64
    sign(path, content.getvalue())


def sign(path, data):
    """Write bytes under a checksum that is right."""
    path.write_bytes(data[:-64] + hashlib.sha256(data[:-64]).hexdigest().encode())


def meta(**changed):
    """The meta of the small model with something changed, as its array."""
    return np.frombuffer(json.dumps({**SMALL.meta, "format": 1, **changed}).encode(), np.uint8)


def test_a_file_that_is_only_written_anew_is_taken(path):
    """So that what follows is refused for its own fault."""
    forge(path)
    assert same(load(path), SMALL)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"meta": meta(format=2)}, "format 2"),
        ({"meta": meta(version=None)}, "no version"),
        ({"meta": meta(strength="much")}, "'strength'"),
        ({"meta": meta(version="v" * 61)}, "no version"),
        ({"meta": meta(version="a\0b")}, "no version"),
        ({"meta": meta(power=-1)}, "'power'"),
        ({"meta": meta(power=1000)}, "'power'"),
        ({"meta": meta(cap=float("nan"))}, "NaN"),
        ({"meta": meta(dislike=True)}, "'dislike'"),
        ({"meta": np.frombuffer(b"[" * 5000, np.uint8)}, "recursion"),
        ({"meta": np.frombuffer(b"\xff", np.uint8)}, "UTF-8"),
        ({"refs": np.frombuffer(b"imdb:tt1", np.uint8)}, "one reference for each"),
        ({"refs": np.frombuffer(b"imdb:tt1\n" * 3 + b"imdb:tt1", np.uint8)}, "references"),
        ({"refs": np.frombuffer(b"a\nb\nc\nd", np.uint8)}, "references"),
        ({"counts": np.array([2, 0, 3], np.uint16)}, "has another shape"),
        ({"counts": np.array([2, 0, 3, 2], np.uint16)}, "links are not those"),
        ({"counts": np.array([5, 0, 0, 1], np.uint16)}, "nowhere or twice"),
        ({"steps_low": np.full(6, 200, np.uint8)}, "nowhere or twice"),
        ({"few": np.zeros(6, np.int16)}, "of another type"),
        ({"few": np.array([object()] * 6)}, "of another type"),
        ({"few": np.zeros((6, 1), np.int8)}, "another shape"),
        ({"few_scale": np.full(4, np.inf, np.float32)}, "'few_scale'"),
        ({"quality": np.full(4, 1.5, np.float32)}, "quality"),
        ({"movielens_ids": np.array([3, 3, 4, 5], np.int32)}, "MovieLens"),
        ({"movielens_rows": np.array([0, 1, 2, 4], np.int32)}, "MovieLens"),
        ({"broad_source": np.zeros((4, 2), np.float16)}, "another shape"),
        ({"broad_source": np.full((4, 1), np.nan, np.float16)}, "'broad_source'"),
        ({"many": b"\x93NUMPY\x01\x00"}, "of another type"),
        ({"many": b"no array"}, "of another type"),
    ],
)
def test_a_forged_file_is_refused_in_words(path, changed, words):
    """Its checksum is right, and something in it is not."""
    forge(path, **changed)
    with pytest.raises(Invalid, match=f"(?i){words}"):
        load(path)


@pytest.mark.parametrize("claimed", [160 * 2**20, 1000])
def test_a_file_that_swells_is_refused_before_it_is_unpacked(path, claimed):
    """160 MB of zeros in a file of 160 KB, whatever length it claims."""
    with np.load(path) as arrays:
        head = io.BytesIO()
        np.lib.format.write_array(head, arrays["few"], version=(1, 0))
    header = head.getvalue()[:128]
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in model_file._DTYPES:
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                member.write(header)
                for _ in range(10 if name == "few" else 0):
                    member.write(bytes(2**24))
        archive.comment = model_file._MAGIC + b"0" * 64
    data = bytearray(zeros.getvalue())
    length_at = data.index(b"few.npy") - 8
    data[length_at : length_at + 4] = claimed.to_bytes(4, "little")
    sign(path, bytes(data))
    tracemalloc.start()
    try:
        with pytest.raises(Invalid):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


def test_a_model_that_breaks_its_word_is_not_saved(tmp_path):
    """And nothing is left behind."""
    wrong = [
        replace(SMALL, quality=np.full(4, 2, np.float32)),
        replace(SMALL, few=np.array([300, 0, 0, 0, 0, 0], np.int16)),
        replace(SMALL, targets=SMALL.targets[::-1]),
        replace(SMALL, meta={}),
    ]
    for model in wrong:
        with pytest.raises(Invalid, match="cannot be saved"):
            save(model, tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
