"""Where an output may lie and what a file may be called; each test is somebody's attempt to get out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import FileProblem
from outcomes.files import places, safe_output, shared_folder_warning, slug, within

posix = pytest.mark.skipif(os.name != "posix", reason="names of POSIX systems")

ESCAPES = [
    "..", ".", "", "../x", "..\\..\\x", "/etc/passwd", "C:\\x", "C:x", "\\\\server\\x", "a/b", "a\\b", "nul\0", "a\n",
    ".hidden", "~", "~root", "-rf", "CON", "con.csv", "NUL", "nul.tar.gz", "COM1", "lpt9.txt", "COM¹", "CONIN$", "aux ",
    "x.", "x ", "x:stream", "é", "x" * 300, "%2e%2e%2fx", "\u202egnp.exe",
]  # fmt: skip


@pytest.mark.parametrize("name", ESCAPES)
def test_no_name_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblem) as caught:
        within(tmp_path, name)
    assert not name.strip(". ") or len(name) < 3 or name not in str(caught.value)


def test_plain_names_are_kept(tmp_path: Path) -> None:
    for name in ("report.html", "2026-06", "console", "a", "part-0.parquet", "null.csv"):
        assert within(tmp_path, name) == tmp_path / name


@given(st.text(max_size=200))
def test_a_slug_is_a_plain_name(text: str) -> None:
    name = slug(text)
    assert re.fullmatch(r"[a-z0-9-]{1,64}", name)
    assert within("x", name).name == name or name.startswith("-")
    assert slug(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("..\\..\\x", "x"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Users", "c-users"),
        ("CON", "x-con"),
        ("Lpt1", "x-lpt1"),
        ("Clinic Zürich – Nord", "clinic-zurich-nord"),
        ("日本", "unnamed"),
        ("\0", "unnamed"),
    ],
)
def test_slugs(text: str, name: str) -> None:
    assert slug(text) == name


# ---- the output and what is read ----


@pytest.fixture
def records(tmp_path: Path) -> Path:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "diary.csv").write_bytes(b"x")
    return tmp_path / "records"


def link(place: Path, to: Path) -> Path:
    try:
        place.symlink_to(to, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right on this system")
    return place


@pytest.mark.parametrize(
    "inside", [".", "out", "a/b", "out/../more", "../records/out", "../gone/../records/out"]
)
def test_an_output_inside_the_records(records: Path, inside: str) -> None:
    with pytest.raises(FileProblem, match="inside the records"):
        safe_output(records / inside, records)


def test_an_output_inside_the_records_by_another_name(records: Path, tmp_path: Path) -> None:
    way = link(tmp_path / "way", tmp_path)
    for place in (way / "records" / "out", way / "records"):
        with pytest.raises(FileProblem, match="inside the records"):
            safe_output(place, records)
    with pytest.raises(FileProblem, match="inside the records"):
        safe_output(records / "out", way / "records")


def test_records_inside_the_output(records: Path, tmp_path: Path) -> None:
    """The output is swapped as a whole: what lies in it would be gone."""
    for source in (records, records / "diary.csv"):
        with pytest.raises(FileProblem, match="inside the output"):
            safe_output(tmp_path, source)
    with pytest.raises(FileProblem):
        safe_output(records / "diary.csv", records / "diary.csv")
    assert safe_output(tmp_path / "rec", records) == tmp_path / "rec"
    assert safe_output(tmp_path / "records2" / "out", records, records / "diary.csv")


def test_an_output_that_is_a_link(records: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for place in (
        link(tmp_path / "link", tmp_path / "elsewhere"),
        link(tmp_path / "broken", tmp_path / "gone"),
    ):
        with pytest.raises(FileProblem, match="link"):
            safe_output(place, records)
    assert safe_output(tmp_path / "link" / "out", records), (
        "links above the output are the user's own arrangement"
    )


@pytest.mark.parametrize(
    "name", ["nul\0x", "a\nb", "\x1b[2J", "", "CON", "out/aux.d/x", "Nul.txt", "x./y", "x /y"]
)
def test_names_that_no_output_may_have(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileProblem) as caught:
        safe_output(name, records)
    assert str(caught.value).isprintable()


@posix
@pytest.mark.parametrize("name", ["..\\..\\x", "C:\\reports"])
def test_a_way_of_windows_is_no_name_elsewhere(records: Path, name: str) -> None:
    with pytest.raises(FileProblem, match="leads elsewhere"):
        safe_output(name, records)


def test_folders_that_are_there_may_have_such_names(records: Path, tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows does not let them be")
    (tmp_path / "aux").mkdir()
    assert safe_output(tmp_path / "aux" / "out", records)


def test_the_users_own_ways_are_open(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for place in ("../reports", "reports/2026", str(tmp_path / "Zürich (2026)"), "."):
        assert safe_output(place, records) == Path(place)


# ---- folders that others see ----


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/home/x/OneDrive/reports", "OneDrive"),
        ("/home/x/OneDrive - Clinic Ltd/reports", "OneDrive"),
        ("/Users/x/Library/CloudStorage/Dropbox-Clinic/reports", "cloud"),
        ("/Users/x/Dropbox (Clinic)/reports", "Dropbox"),
        ("/Users/x/Google Drive/My Drive", "Google"),
        ("/Users/x/Library/Mobile Documents/com~apple~CloudDocs/reports", "iCloud"),
        ("/home/x/Nextcloud/reports", "Nextcloud"),
        ("//server/clinic/reports", "network"),
        ("/run/user/1000/gvfs/smb-share:server=s,share=c/reports", "network"),
    ],
)
def test_a_place_that_others_see_is_told(path: str, service: str) -> None:
    warning = shared_folder_warning(path)
    assert warning is not None
    assert service in warning
    assert path not in warning


def test_a_place_of_ones_own_is_not(tmp_path: Path) -> None:
    for name in ("reports", "onedriver", "dropboxes", "my driveway", "boxes", "icloudy"):
        assert shared_folder_warning(tmp_path / name / "2026") is None, name


@posix
def test_a_folder_in_which_all_may_write_is_told(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    warning = shared_folder_warning(tmp_path / "open" / "reports")
    assert warning is not None
    assert "everybody" in warning
    (tmp_path / "open").chmod(0o1777)
    assert shared_folder_warning(tmp_path / "open" / "reports") is None


def test_a_network_drive_is_known_by_the_systems_own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    share = "/mnt/clinic\\040share"
    mounts = f"/dev/sda1 / ext4 rw 0 0\n//s/c {share} cifs rw 0 0\n/dev/sdb {share}/own ext4 rw 0 0\n"
    monkeypatch.setattr(places.sys, "platform", "linux")
    monkeypatch.setattr(Path, "read_text", lambda self, **_: mounts)
    assert "network" in (shared_folder_warning("/mnt/clinic share/reports") or "")
    assert shared_folder_warning("/mnt/clinic share/own/reports") is None
    assert shared_folder_warning("/mnt/other") is None
