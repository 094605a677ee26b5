"""Scenarios as immutable values: a file and what was changed in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labtwin import _labtwin


@dataclass(frozen=True)
class Scenario:
    """A scenario file with zero or more values changed. Hashable, comparable and picklable.

    Attributes:
        path: the TOML file.
        overrides: pairs of a dotted key and its value as TOML text, applied in order.
    """

    path: Path
    overrides: tuple[tuple[str, str], ...] = ()

    def with_(self, changes: Mapping[str, object] | None = None, /, **top_level: object) -> Scenario:
        """A scenario with some values changed; this one stays as it is.

        Args:
            changes: dotted keys and their new values; dimensioned values are strings with unit.
            **top_level: the same for keys that are Python names, such as `seed` or `horizon`.

        Raises:
            ConfigError: when it is checked or run, if a key is unknown or a value breaks a rule.

        Example:
            >>> calm = Scenario(Path("scenarios/noisy_neighbour.toml")).with_({"services.nightly-etl.rate_limit": "200 MB/s"}, seed=7)
            >>> calm.overrides
            (('services.nightly-etl.rate_limit', '"200 MB/s"'), ('seed', '7'))
        """
        added = {**(changes or {}), **top_level}
        return Scenario(self.path, self.overrides + tuple((key, _toml(value)) for key, value in added.items()))

    def check(self) -> None:
        """Reads the scenario and everything it names.

        Raises:
            ConfigError: every mistake at once, one line each: `file:line:column: key = value: rule (hint)`.
        """
        _labtwin.check(self.path, self.overrides)


def load(path: str | os.PathLike[str]) -> Scenario:
    """Loads and checks a scenario file.

    Args:
        path: a TOML file, e.g. `scenarios/noisy_neighbour.toml`.

    Raises:
        ConfigError: the file cannot be read or has mistakes; all of them at once.

    Example:
        >>> import labtwin
        >>> scenario = labtwin.load("scenarios/noisy_neighbour.toml")  # doctest: +SKIP
    """
    scenario = Scenario(Path(path))
    scenario.check()
    return scenario


def _toml(value: object) -> str:
    """A Python value as TOML text."""
    match value:
        case bool() | str() | int() | float():
            return json.dumps(value)
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(inner)}' for key, inner in value.items())} }}"
        case Path():
            return json.dumps(str(value))
    if hasattr(value, "item"):  # a NumPy scalar
        return _toml(value.item())
    raise TypeError(f"{value!r} cannot stand in a scenario: expected a string with unit, a number, true or false, or a list")
