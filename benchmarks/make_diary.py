"""Make a large diary as Parquet, for the benchmarks: `diary.parquet` and `sessions.parquet` in a folder.

With `--parts` the diary is a folder `diary/` of so many files, with the same rows in the same order; with
`--from` the tables of another folder are written anew, ordered by date or in a folder for each month.

The days are shaped like those of a clinic: a headache, none, an empty entry, or no row at all; diaries of
different length around the first session; patients who stop; hours with decimals; intensities that were
forgotten. It is made in chunks, so that 100 million rows need a few hundred megabytes. The same seed, rows
and NumPy give the same values.

    python benchmarks/make_diary.py build/bench/1e7 --rows 10e6
    python benchmarks/make_diary.py build/bench/1e9 --rows 1e9 --parts 10
    python benchmarks/make_diary.py build/bench/1e7_months --from build/bench/1e7 --as months
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

#: Patients made at a time; a chunk of a million rows.
CHUNK = 6_000

#: First and last day that any diary reaches, counted from the first session.
FIRST_DAY, LAST_DAY = -60, 140

EPOCH = np.datetime64("2024-01-01", "D")

DIARY = pa.schema(
    [
        ("patient_id", pa.string()),
        ("date", pa.date32()),
        ("headache", pa.bool_()),
        ("intensity", pa.float64()),
        ("duration_hours", pa.float64()),
        ("acute_medication", pa.bool_()),
    ]
)
SESSIONS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("date", pa.date32()),
        ("practitioner_id", pa.string()),
        ("needles_inserted", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Made:
    """What was written."""

    folder: Path
    patients: int
    diary_rows: int
    session_rows: int


def make_source(folder: Path, rows: int, *, seed: int = 1, faults: float = 0.0, parts: int = 1) -> Made:
    """Write both tables, with whole patients until the diary holds about `rows` rows.

    `faults` is the share of rows that are then repeated, contradicted or put out of range, a third each. With several
    `parts` the diary is a folder of so many files of about as many rows each, no patient in two of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_patients = n_rows = n_sessions = 0
    chunks = _chunks(rows, seed, faults)
    with pq.ParquetWriter(folder / "sessions.parquet", SESSIONS) as sessions:
        for part, path in enumerate(_diary_files(folder, parts), start=1):
            with pq.ParquetWriter(path, DIARY) as diary:
                while n_rows < rows * part / parts and (chunk := next(chunks, None)):
                    patients, days, visits = chunk
                    diary.write_table(days)
                    sessions.write_table(visits)
                    n_patients += patients
                    n_rows += days.num_rows
                    n_sessions += visits.num_rows
    return Made(folder, n_patients, n_rows, n_sessions)


def _diary_files(folder: Path, parts: int) -> list[Path]:
    if parts == 1:
        return [folder / "diary.parquet"]
    (folder / "diary").mkdir(exist_ok=True)
    return [folder / "diary" / f"part-{part:05d}.parquet" for part in range(parts)]


def _chunks(rows: int, seed: int, faults: float) -> Iterator[tuple[int, pa.Table, pa.Table]]:
    """(patients, their diary, their sessions), until there are `rows` rows of diary."""
    n_patients = n_rows = 0
    while n_rows < rows:
        random = np.random.default_rng([seed, n_patients])
        wanted = min(CHUNK, max(1, (rows - n_rows) // 140))
        first_sessions = EPOCH + random.integers(0, 500, wanted)
        ids = _identifiers(n_patients, wanted)
        days = _diary_chunk(random, ids, first_sessions)
        if faults:
            days = _with_faults(random, days, faults)
        yield wanted, days, _session_chunk(random, ids, first_sessions)
        n_patients += wanted
        n_rows += days.num_rows


#: The signs of a pseudonym as `outcomes deidentify` makes them.
SIGNS = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype="S1")


def _identifiers(start: int, count: int) -> pa.Array:
    """Pseudonyms of the form that `outcomes deidentify` gives, which do not count upwards."""
    numbers = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15) ^ (numbers << np.uint64(31))
    mixed = np.stack([mixed, numbers * np.uint64(2_654_435_761) % np.uint64(2**40)])
    places = np.arange(8, dtype=np.uint64) * np.uint64(5)
    letters = SIGNS[((mixed[:, :, None] >> places) & np.uint64(31)).astype(np.intp)]
    joined = np.concatenate([letters[0], letters[1]], axis=1).copy().view("S16").ravel()
    return pa.array(["P-" + text.decode() for text in joined], pa.string())


def _diary_chunk(random: np.random.Generator, ids: pa.Array, first_sessions: np.ndarray) -> pa.Table:
    patients = len(ids)
    days = np.arange(FIRST_DAY, LAST_DAY + 1)
    relative = np.broadcast_to(days, (patients, len(days)))

    begins = random.integers(FIRST_DAY, -28, patients)[:, None]
    ends = random.integers(84, LAST_DAY + 1, patients)[:, None]
    stops = random.random((patients, 1)) < 0.08
    ends = np.where(stops, random.integers(-10, 84, (patients, 1)), ends)
    diligence = random.beta(14, 2, (patients, 1))
    written = (relative >= begins) & (relative <= ends) & (random.random(relative.shape) < diligence)

    before = random.beta(2.5, 3.5, (patients, 1))
    after = np.clip(before * random.lognormal(-0.25, 0.35, (patients, 1)), 0, 1)
    headache = random.random(relative.shape) < np.where(relative < 1, before, after)
    usual = random.normal(5.5, 1.5, (patients, 1))

    headache = headache[written]
    count = len(headache)
    usual = np.broadcast_to(usual, relative.shape)[written]
    intensity = np.clip(np.rint(usual + random.normal(0, 1.4, count)), 1, 10)
    hours = np.clip(np.round(random.gamma(2.2, 2.6, count), 1), 0.1, 24)
    medication = headache & (random.random(count) < 0.1 + 0.07 * intensity)

    empty = random.random(count) < 0.01
    forgotten = random.random((3, count)) < 0.03
    who = pa.array(np.broadcast_to(np.arange(patients)[:, None], relative.shape)[written])
    dates = (first_sessions[:, None] + relative)[written]
    return pa.table(
        [
            ids.take(who),
            pa.array(dates, pa.date32()),
            pa.array(headache, mask=empty),
            pa.array(intensity, mask=empty | ~headache | forgotten[0]),
            pa.array(hours, mask=empty | ~headache | forgotten[1]),
            pa.array(medication, mask=empty | forgotten[2]),
        ],
        schema=DIARY,
    )


def _session_chunk(random: np.random.Generator, ids: pa.Array, first_sessions: np.ndarray) -> pa.Table:
    """One to eight sessions a patient, the first on day 0, then one to two weeks apart."""
    patients = len(ids)
    gaps = random.integers(6, 15, (patients, 8))
    gaps[:, 0] = 0
    taken = np.arange(8) < random.integers(1, 9, (patients, 1))
    dates = (first_sessions[:, None] + np.cumsum(gaps, axis=1))[taken]
    practitioners = pa.array([f"T{number}" for number in range(1, 13)])
    return pa.table(
        [
            ids.take(pa.array(np.broadcast_to(np.arange(patients)[:, None], taken.shape)[taken])),
            pa.array(dates, pa.date32()),
            practitioners.take(pa.array(random.integers(0, 12, len(dates)))),
            pa.array(random.integers(4, 20, len(dates)), pa.int32()),
        ],
        schema=SESSIONS,
    )


def _with_faults(random: np.random.Generator, days: pa.Table, share: float) -> pa.Table:
    """Rows repeated word for word, rows with a second and different entry, intensities above 10."""
    kinds = random.choice(4, days.num_rows, p=[1 - share, share / 3, share / 3, share / 3])
    headache = days["headache"].to_numpy(zero_copy_only=False) == True  # noqa: E712 - None is neither
    recorded = days["headache"].is_valid().to_numpy()
    broken = pa.array(np.where((kinds == 3) & headache, 42.0, np.nan), from_pandas=True)
    intensity = pc.coalesce(broken, days["intensity"])
    days = days.set_column(3, "intensity", intensity)
    repeated = days.filter(pa.array((kinds == 1) & recorded))
    second = days.filter(pa.array((kinds == 2) & recorded))
    nothing = pa.nulls(second.num_rows, pa.float64())
    second = second.set_column(2, "headache", pc.invert(second["headache"]))
    second = second.set_column(3, "intensity", nothing).set_column(4, "duration_hours", nothing)
    return pa.concat_tables([days, repeated, second]).cast(DIARY)


def write_text(folder: Path) -> None:
    """The tables as CSV in `folder`/text, as a clinic's export has them: yes and no, ISO dates, empty cells."""
    target = folder / "text"
    target.mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.parquet")):
        with (target / f"{path.stem}.csv").open("wb") as file:
            for number, batch in enumerate(pq.ParquetFile(path).iter_batches(500_000)):
                columns = [
                    pc.if_else(column, "yes", "no") if pa.types.is_boolean(column.type) else column
                    for column in batch.columns
                ]
                table = pa.table(columns, names=batch.schema.names)
                options = pa_csv.WriteOptions(include_header=not number, quoting_style="none")
                pa_csv.write_csv(table, file, options)


#: How a diary can be written anew: the folder or file, and what DuckDB is told.
ANEW = {
    # Every patient's days lie all over the file.
    "dates": ("diary.parquet", "SELECT * FROM {diary} ORDER BY date", "FORMAT parquet"),
    # A registry in Hive's layout. Within a month the rows keep their order: by patient, then by date.
    "months": (
        "diary",
        "SELECT *, strftime(date, '%Y-%m') AS month FROM {diary}",
        "FORMAT parquet, PARTITION_BY (month)",
    ),
}


def write_anew(source: Path, folder: Path, layout: str) -> None:
    """The diary of another folder in another layout, its sessions as they are. Spills beside the result."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    target, rows, form = ANEW[layout]
    found = source / "diary.parquet"
    found = found if found.exists() else source / "diary" / "*.parquet"
    diary = f"read_parquet('{found.as_posix()}')"
    with tempfile.TemporaryDirectory(dir=folder) as spill, duckdb.connect(":memory:") as connection:
        connection.execute(f"SET temp_directory = '{spill}'; SET memory_limit = '4GiB'")
        rows = rows.format(diary=diary)
        connection.execute(f"COPY ({rows}) TO '{(folder / target).as_posix()}' ({form})")
    # Last: a folder with its sessions is whole.
    shutil.copyfile(source / "sessions.parquet", folder / "sessions.parquet")


def main(argv: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make a large diary as Parquet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=10_000_000, help="such as 10e6")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", action="store_true", help="as CSV beside the Parquet files")
    parser.add_argument(
        "--faults", type=float, default=0.0, metavar="SHARE", help="share of broken rows, such as 0.01"
    )
    parser.add_argument("--parts", type=int, default=1, help="files of the diary, in a folder where several")
    parser.add_argument("--from", type=Path, dest="source", metavar="FOLDER", help="write its tables anew")
    parser.add_argument("--as", choices=ANEW, dest="layout", default="months", help="how, with --from")
    arguments = parser.parse_args(argv)
    if arguments.source:
        write_anew(arguments.source, arguments.folder, arguments.layout)
        return
    made = make_source(
        arguments.folder,
        arguments.rows,
        seed=arguments.seed,
        faults=arguments.faults,
        parts=arguments.parts,
    )
    if arguments.text:
        write_text(made.folder)
    print(
        f"{made.folder}: {made.patients} patients, {made.diary_rows} diary rows, {made.session_rows} sessions"
    )


if __name__ == "__main__":
    main()
