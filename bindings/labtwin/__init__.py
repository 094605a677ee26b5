"""A digital twin of a homelab AI stack: what will be the bottleneck, by how much, and which part changes it.

    import labtwin

    results = labtwin.run("scenarios/noisy_neighbour.toml")
    results.plot()

Values with a unit are strings in scenarios (`"200 MB/s"`, `"24 GiB"`) and plain floats in results, under names that end in the
unit (`p95_s`, `read_bytes_per_s`).
"""

import os
from pathlib import Path

from labtwin import _labtwin
from labtwin._labtwin import ConfigError, WorkerError
from labtwin.results import Results, Table
from labtwin.running import capacity, run, sweep
from labtwin.scenario import Scenario, load

__version__ = _labtwin.version
__all__ = ["ConfigError", "Results", "Scenario", "Table", "WorkerError", "capacity", "load", "run", "sweep"]

_data = Path(__file__).parent / "data"
if _data.is_dir():  # an installed package; in the build tree the data is that of the source tree
    os.environ.setdefault("LABTWIN_DATA", str(_data))
