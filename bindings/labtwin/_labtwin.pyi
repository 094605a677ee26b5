from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

version: str

class ConfigError(ValueError): ...
class WorkerError(RuntimeError): ...

def check(path: Path, overrides: Sequence[tuple[str, str]]) -> None: ...
def run(
    path: Path,
    overrides: Sequence[tuple[str, str]],
    worker: Path,
    *,
    keep_requests: bool = ...,
    with_what_ifs: bool = ...,
) -> tuple[str, list[str], str, dict[str, dict[str, np.ndarray[Any, np.dtype[np.float64]]]]]: ...
def run_points(
    path: Path,
    overrides: Sequence[tuple[str, str]],
    worker: Path,
    points: Sequence[Sequence[tuple[str, str]]],
) -> list[str]: ...
def capacity(
    path: Path,
    overrides: Sequence[tuple[str, str]],
    worker: Path,
    *,
    workload: str = ...,
    most: float | None = ...,
    precision: float = ...,
    with_what_ifs: bool = ...,
) -> str: ...
