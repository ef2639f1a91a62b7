from __future__ import annotations

import json
import logging
import string
import subprocess
import sys
import tomllib
import traceback
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import PLACES, Secrets, Settings, load_settings, locate_config, settings_from
from engine.config.keys import Table, table_of
from engine.config.rendering import render_default_toml
from engine.errors import ConfigError
from engine.model.instruments import InstrumentForm

ROOT = Path(__file__).parents[2]
REPOSITORY_FILE = ROOT / "config.toml"
SECTIONS = tuple(name for name in Settings.model_fields if name != "instruments")


def fault_of(data: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        settings_from(data)
    return str(caught.value)


def file_fault(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The file in the repository


def test_the_repository_file_is_what_the_generator_writes() -> None:
    assert REPOSITORY_FILE.read_text(encoding="utf-8") == render_default_toml()


def test_the_repository_file_is_the_defaults() -> None:
    assert load_settings(REPOSITORY_FILE) == Settings()


def every_key(data: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for name, value in data.items():
        here = (*path, name)
        found |= every_key(value, here) if isinstance(value, dict) else {here}
    return found


def test_the_repository_file_lists_every_key() -> None:
    listed = tomllib.loads(REPOSITORY_FILE.read_text(encoding="utf-8"))
    assert every_key(listed) == every_key(Settings().model_dump(mode="json"))


def test_every_key_in_the_repository_file_has_a_comment() -> None:
    lines = REPOSITORY_FILE.read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert before.startswith("#") or "  # " in line


def test_python_m_writes_the_same_file() -> None:
    command = [sys.executable, "-m", "engine.config"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == render_default_toml()


# Where it is found


def test_without_any_file_the_defaults_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EXECUTOR_CONFIG", raising=False)
    assert locate_config() is None
    assert load_settings() == Settings()


def test_a_path_wins_over_the_variable_and_that_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("config.toml", "variable.toml", "named.toml"), start=1):
        (tmp_path / name).write_text(f"[market]\nseed = {number}\n")
    monkeypatch.delenv("EXECUTOR_CONFIG", raising=False)
    assert load_settings().market.seed == 1
    monkeypatch.setenv("EXECUTOR_CONFIG", "variable.toml")
    assert load_settings().market.seed == 2
    assert load_settings(Path("named.toml")).market.seed == 3


@pytest.mark.parametrize("origin", ["--config", "EXECUTOR_CONFIG"])
def test_a_named_file_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    missing = tmp_path / "none.toml"
    monkeypatch.setenv("EXECUTOR_CONFIG", str(missing))
    with pytest.raises(ConfigError, match=f"no such file; correct {origin}"):
        load_settings(missing if origin == "--config" else None)


def test_overrides_lie_on_top_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[journal]\npath = "a.sqlite"\n')
    made = load_settings(path, {"journal.path": "b.sqlite", "desk.watch": ["BTC-USD"]})
    assert (made.journal.path, made.desk.watch) == (Path("b.sqlite"), ("BTC-USD",))


def test_the_environment_sets_nothing_but_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", '{"mode": "live"}')
    monkeypatch.setenv("RISK", '{"daily_loss_frac": 1}')
    assert Settings().desk.mode == "paper"
    assert Settings().risk.daily_loss_frac == 0.02


# Files that cannot be read


def test_broken_toml_names_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[risk]\ndaily_loss_frac 0.02\n")
    assert "at line 2, column 17" in file_fault(path)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[desk]\nmode = \xff\xfe")
    assert "not UTF-8" in file_fault(path)


def test_a_folder_is_told(tmp_path: Path) -> None:
    assert "not a file; give the path" in file_fault(tmp_path)


# Values


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    assert fault_of({"risk": {"daly_loss_frac": 0.1}}) == (
        "config.toml: unknown key risk.daly_loss_frac; did you mean risk.daily_loss_frac?"
    )


def test_a_key_outside_its_table_is_answered_with_the_whole_name() -> None:
    assert fault_of({"daily_loss_frac": 0.1}).endswith("did you mean risk.daily_loss_frac?")


def test_a_misspelt_table_is_answered_with_the_right_one() -> None:
    assert fault_of({"aproval": {"expires_minutes": 1}}).endswith("did you mean approval?")


def test_a_value_out_of_range_names_key_value_rule_and_mend() -> None:
    assert fault_of({"risk": {"daily_loss_frac": 3}}) == (
        "config.toml: risk.daily_loss_frac = 3 must be less than or equal to 1; give: fraction of "
        "equity at the day's open, 0 to 1; default 0.02"
    )


def test_every_fault_has_a_line_of_its_own() -> None:
    said = fault_of({"risk": {"daily_loss_frac": 3, "typo": 1}, "desk": {"mode": "live!"}, "x": 1})
    assert len(said.splitlines()) == 4
    assert all(line.startswith("config.toml: ") for line in said.splitlines())


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("risk", "losses_pause", True),
        ("risk", "losses_pause", 4.5),
        ("risk", "daily_loss_frac", "0.02"),
        ("risk", "daily_loss_frac", True),
        ("risk", "daily_loss_frac", float("nan")),
        ("desk", "cash_usd", float("inf")),
        ("desk", "cash_usd", True),
        ("desk", "cash_usd", "10000"),
        ("desk", "cash_usd", 0),
        ("desk", "watch", []),
        ("desk", "watch", ["BTC-USD", "BTC-USD"]),
        ("desk", "watch", ["ETH-USD"]),
        ("market", "timeframe", "7h"),
        ("pipeline", "stop_sigmas", -1),
        ("pipeline", "stop_sigmas", True),
        ("pipeline", "stop_sigmas", float("nan")),
        ("exploratory", "enabled", 1),
        ("schedule", "daily_summary_at", "25:00"),
        ("discord", "owner_id", "B"),
        ("discord", "overseer_ids", [""]),
        ("log", "level", "loud"),
        ("instruments", "btc", {}),
        ("costs", "kraken", {"taker_frac": 0.4}),
        ("risk", "weekly_loss_frac", 0.01),
        ("sizing", "drawdown_ramp_end_frac", 0.01),
    ],
)
def test_a_bad_value_is_refused_by_name(section: str, key: str, value: object) -> None:
    said = fault_of({section: {key: value}})
    assert section in said
    assert key in said


def test_a_table_that_is_no_table_is_told() -> None:
    assert fault_of({"risk": 3}) == "config.toml: risk = 3 must be a table"


def test_a_new_instrument_names_everything_it_lacks() -> None:
    said = fault_of({"instruments": {"ETH-USD": {"venue": "kraken"}}})
    assert said.startswith("config.toml: [instruments.ETH-USD] lacks asset, form, venue_symbol")


def test_a_known_instrument_keeps_what_is_not_changed() -> None:
    made = settings_from({"instruments": {"PAXG-USD": {"attested_by": "B"}}})
    paxg = made.instrument("PAXG-USD")
    assert (paxg.attested_by, paxg.form) == ("B", InstrumentForm.TOKENISED_ALLOCATED_METAL)
    assert set(made.instruments) == set(Settings().instruments)


def test_one_fee_can_be_changed_alone() -> None:
    costs = settings_from({"costs": {"kraken": {"taker_frac": 0.0026}}}).costs
    assert (costs.kraken.taker_frac, costs.kraken.maker_frac) == (0.0026, 0.0025)
    assert costs.of("coinbase") == costs.coinbase


def test_an_unattested_instrument_has_nobody() -> None:
    assert Settings().instrument("BTC-USD").attested_by is None


def test_an_unknown_instrument_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"no instrument ETH-USD.*add \[instruments.ETH-USD\]"):
        Settings().instrument("ETH-USD")


def test_money_is_exact() -> None:
    made = settings_from({"instruments": {"BTC-USD": {"tick": 0.1, "lot": 1e-05}}})
    btc = made.instrument("BTC-USD")
    assert (str(btc.tick), str(btc.lot)) == ("0.1", "0.00001")


def test_durations_are_durations() -> None:
    made = Settings()
    assert made.approval.expires_for == timedelta(minutes=30)
    assert made.risk.losses_pause_for == timedelta(hours=24)
    assert made.risk.between_entries_for == timedelta(hours=1)
    assert made.market.quote_for == timedelta(seconds=15)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().risk.daily_loss_frac = 0.5  # type: ignore[misc]


def test_an_id_may_be_typed_as_a_number() -> None:
    made = settings_from({"discord": {"owner_id": 123456789012345678}})
    assert made.discord.owner_id == "123456789012345678"


# Any unknown key


def tables(table: Table, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = [deep for name, low in table.tables.items() for deep in tables(low, (*path, name))]
    return [path, *inner]


TABLES = [
    path for path in tables(table_of(Settings)) if "*" not in path and path != ("instruments",)
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(TABLES),
    name=st.text(string.ascii_lowercase + "_", min_size=1, max_size=15),
    value=st.one_of(st.integers(), st.text(), st.lists(st.integers(), max_size=2)),
)
def test_any_unknown_key_is_refused_with_a_known_one(
    path: tuple[str, ...], name: str, value: object
) -> None:
    table = table_of(Settings)
    for part in path:
        table = table.tables[part]
    if table.knows(name):
        return
    data: dict[str, Any] = {name: value}
    for part in reversed(path):
        data = {part: data}
    said = fault_of(data)
    dotted = ".".join((*path, name))
    assert said.startswith(f"config.toml: unknown key {dotted}; ") or "secret" in said
    nearest = said.rsplit(" ", 1)[1].rstrip("?)")
    assert "secret" in said or nearest_is_known(nearest)


def nearest_is_known(dotted: str) -> bool:
    *parents, name = dotted.split(".")
    table: Table | None = table_of(Settings)
    for part in parents:
        table = table.below(part) if table else None
    return table is not None and (table.knows(name))


# The hash


def test_the_hash_is_stable_and_of_sha_256() -> None:
    assert Settings().hash == Settings().hash
    assert len(Settings().hash) == 64


def test_equal_settings_have_equal_hashes_however_they_are_typed() -> None:
    one = settings_from({"desk": {"cash_usd": 20000}, "market": {"quote_seconds": 30}})
    other = settings_from({"market": {"quote_seconds": 30.0}, "desk": {"cash_usd": 2e4}})
    assert one.hash == other.hash


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("discord", "owner_id", "123456789012345678"),
        ("schedule", "scan_min_gap_seconds", 7.0),
        ("journal", "path", "elsewhere.sqlite"),
        ("log", "level", "debug"),
    ],
)
def test_places_do_not_change_the_hash(section: str, key: str, value: object) -> None:
    assert section in PLACES
    assert settings_from({section: {key: value}}).hash == Settings().hash


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("desk", "mode", "live"),
        ("desk", "cash_usd", 9999),
        ("risk", "losses_pause", 3),
        ("pipeline", "stop_sigmas", 1.1),
        ("instruments", "BTC-USD", {"attested_by": "B"}),
        ("costs", "kraken", {"taker_frac": 0.0026}),
        ("exploratory", "enabled", False),
    ],
)
def test_whatever_decides_trades_changes_the_hash(section: str, key: str, value: object) -> None:
    assert settings_from({section: {key: value}}).hash != Settings().hash


def test_what_the_hash_covers_is_plain_json() -> None:
    assert json.loads(json.dumps(Settings().trading(), allow_nan=False)) == Settings().trading()


# Secrets

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.never-shown-anywhere"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    for variable in Secrets.variables():
        monkeypatch.setenv(variable, f"{TOKEN}-{variable}")
    return Secrets()


def test_secrets_are_read_from_the_environment(secrets: Secrets) -> None:
    assert secrets.present == Secrets.variables()
    assert secrets.kraken_api_key is not None
    assert secrets.kraken_api_key.get_secret_value() == f"{TOKEN}-KRAKEN_API_KEY"


def test_a_blank_secret_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in Secrets.variables():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", " \n")
    assert Secrets().present == ()


def test_no_text_of_the_secrets_shows_one(
    secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("executor").error("starting with %s and %r", secrets, secrets.discord_token)
    told = [
        repr(secrets),
        str(secrets),
        f"{secrets}",
        repr(secrets.model_dump()),
        repr(secrets.model_dump(mode="json")),
        secrets.model_dump_json(),
        repr(dict(secrets)),
        repr(vars(secrets)),
        caplog.text,
    ]
    assert "never-shown" not in "\n".join(told)


def test_no_traceback_shows_a_secret(secrets: Secrets) -> None:
    def fail(held: Secrets) -> None:
        raise RuntimeError(f"failed with {held}")

    with pytest.raises(RuntimeError) as caught:
        fail(secrets)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "never-shown" not in "".join(told.format())


@pytest.mark.parametrize(
    ("data", "variable"),
    [
        ({"discord": {"token": TOKEN}}, "DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": TOKEN}, "DISCORD_TOKEN"),
        ({"costs": {"kraken": {"kraken_api_key": TOKEN}}}, "KRAKEN_API_KEY"),
        ({"api_key": TOKEN}, "KRAKEN_API_KEY"),
        ({"password": TOKEN}, "DISCORD_TOKEN"),
        ({"secrets": {"lm_studio_api_key": TOKEN}}, ""),
        ({"discord": {"owner_id": TOKEN}}, ""),
        ({"desk": {"mode": TOKEN}}, ""),
        ({"instruments": {TOKEN: {}}}, ""),
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(
    data: dict[str, Any], variable: str
) -> None:
    said = fault_of(data)
    assert variable in said
    assert "never-shown" not in said
    assert variable == "" or "set " in said


def test_a_secret_in_a_broken_file_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[discord]\ntoken = {TOKEN}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    told = traceback.TracebackException.from_exception(caught.value)
    assert "never-shown" not in "".join(told.format())


def test_decimal_settings_survive_a_round_trip_through_toml() -> None:
    made = settings_from(tomllib.loads(render_default_toml()))
    assert made.desk.cash_usd == Decimal(10000)
    assert made.hash == Settings().hash
