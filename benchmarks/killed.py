"""Kill a process that changes a store, and look: python -m benchmarks.killed [--moments 500]

OLD and NEW are run folders, NEW's segments those of OLD; without them two small demos are run
first. Each round promotes one of them, or rolls
back, in a process that is killed: at every named step, or after a random time. Whatever is left,
`current` must name a version that is whole, the one before or the one after; and the next change
must succeed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from visitseg.config import GateSettings
from visitseg.model import Model
from visitseg.run_folder.files import read_manifest, sha256_of
from visitseg.run_folder.publish import RunFolder
from visitseg.store.promotion import promote, roll_back
from visitseg.store.versions import STEPS, Store

# The gate is not what is tried here.
GATE = GateSettings(grade_may_fall=True, min_jaccard=0, min_share=0, min_carried=0)


def die_at(step: str) -> Callable[[str], None]:
    return lambda done: os.kill(os.getpid(), signal.SIGKILL) if done == step else None


def in_child(work: Callable[[], object], seconds: float | None = None) -> bool:
    """Do some work in a process of its own; tell whether it was killed.

    This process itself does nothing that starts threads: a fork would not have them.
    """
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the change itself failed"
    return os.WIFSIGNALED(status)


def whole(store: Path) -> str:
    """Return the current version, having checked every file of every version."""
    current = Store(store).current
    assert current is not None
    for version in Store(store).versions():
        for name, digest in read_manifest(version.folder).items():
            assert sha256_of(version.folder / name) == digest, f"{version.folder / name} is torn"
        Model.load(version.folder)
    Model.load(store)
    return current


def rounds(folder: Path, old: Path, new: Path, moments: list[tuple[str, str | float]]) -> int:
    """Kill a change once per moment; return how many processes were killed at all."""
    one, two, back, store = (folder / name for name in ("one", "two", "back", "store"))
    in_child(lambda: promote(old, one, GATE))
    shutil.copytree(one, two)
    in_child(lambda: promote(new, two, GATE))
    shutil.copytree(two, back)
    in_child(lambda: roll_back(back))
    before = {"promote": one, "promote again": back, "roll back": two}
    killed = 0
    for change, moment in moments:
        shutil.copytree(before[change], store)
        at = die_at(moment) if isinstance(moment, str) else lambda _: None
        work: Callable[[], object] = (
            (lambda a=at: promote(new, store, GATE, at=a))
            if change != "roll back"
            else (lambda a=at: roll_back(store, at=a))
        )
        killed += in_child(work, None if isinstance(moment, str) else moment)
        left = whole(store)
        assert left in {"0001", "0002"}
        if left == "0001":  # whatever was left, the next change succeeds
            in_child(lambda: promote(new, store, GATE))
            assert whole(store) == "0002"  # one that was added already is not added again
        else:
            in_child(lambda: roll_back(store))
            assert whole(store) == "0001"
        assert not (store / ".staging").exists()
        shutil.rmtree(store)
    return killed


def published(folder: Path, moments: list[float]) -> int:
    """Kill a process that publishes run folders; old or new is there once the next has begun."""
    killed = 0
    out = folder / "run"
    for moment in moments:
        _publish(out, "old")
        killed += in_child(lambda: [_publish(out, "new") for _ in range(50)], moment)
        with RunFolder(out):
            assert {sha256_of(out / name) for name in read_manifest(out)} == set(
                read_manifest(out).values()
            )
    return killed


def _publish(out: Path, text: str) -> None:
    with RunFolder(out) as run:
        for i in range(5):
            (run.path / f"{i}.txt").write_text(f"{text}{i}" * 1000)
        run.publish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--folder", "--old", "--new"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--moments", type=int, help="random ones; default: every named step")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        options.folder = options.folder or Path(own) / "stores"
        options.folder.mkdir(parents=True)
        if not (options.old and options.new):
            options.old, options.new = demos(Path(own))
        kill(options)


def demos(folder: Path) -> tuple[Path, Path]:
    """Run on a simulated export, and again with the former run as the previous one."""
    visitseg = [sys.executable, "-m", "visitseg"]
    old, new = folder / "old", folder / "new"
    again = ["run", "--seed", "7", "--previous", str(old), "--quiet", "--out", str(new)]
    for words in (["demo", "--quiet", "--out", str(old)], again):
        environment = {**os.environ, "SMOKE_MODE": "1"}
        subprocess.run([*visitseg, *words], check=True, stdout=subprocess.DEVNULL, env=environment)
    return old, new


def kill(options: argparse.Namespace) -> None:
    if options.moments is None:
        steps = [(change, step) for change in ("promote", "promote again") for step in STEPS]
        steps += [("roll back", step) for step in ("written", "switched", "logged")]
        killed = rounds(options.folder, options.old, options.new, [*steps])
        print(f"{killed} of {len(steps)} processes killed at named steps; every store was whole")
        assert killed == len(steps)
        return
    timed = options.folder / "timed"
    in_child(lambda: promote(options.old, timed, GATE))
    begun = time.monotonic()
    in_child(lambda: promote(options.new, timed, GATE))
    longest = time.monotonic() - begun
    draw = random.Random(options.seed)
    # Most of a promotion is the gate's thinking; the store changes at its end.
    times = [longest * draw.uniform(0, 1.1) for _ in range(options.moments)]
    changes = ("roll back", "promote", "promote again", "promote")
    moments = [(changes[i % 4], t) for i, t in enumerate(times)]
    killed = rounds(options.folder, options.old, options.new, [*moments])
    killed += published(options.folder, [draw.uniform(0, 0.05) for _ in times])
    print(f"{killed} of {2 * len(times)} processes killed at random moments; every store was whole")


if __name__ == "__main__":
    main()
