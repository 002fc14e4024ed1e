#!/usr/bin/env python3
"""Measures Quern against the least that any server must do, and checks the bars that it has to keep.

Run it on a machine that does nothing else; `./quickstart bench` builds what it needs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
from dataclasses import replace
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tests/support"))

import idle  # noqa: E402
import lifetime  # noqa: E402
import live  # noqa: E402
import staticfile  # noqa: E402
import tables  # noqa: E402
import throughput  # noqa: E402
import work  # noqa: E402
from servers import BenchError  # noqa: E402

NAMES = [case.name for case in throughput.CASES + live.CASES] + [staticfile.CASE.name, "idle", live.WEBSOCKETS.name,
                                                                live.TLS.name, work.ROUND_TRIPS.name,
                                                                work.DURABLE.name, "lifetime", "tables"]
_HEADINGS = ("case", "limit µs", "quern µs", "ratio", "bar", "limit req/s", "quern req/s", "limit p99", "quern p99", "")


def verdict(passed: bool) -> str:
    return "ok" if passed else "OVER THE BAR"


def show_throughput(result: dict) -> None:
    limit, quern = result["limit"], result["quern"]
    cells = (result["case"], f"{limit['cpu_us']:.2f}", f"{quern['cpu_us']:.2f}", f"{result['ratio']:.2f}",
             f"{result['bar']:.1f}", f"{limit['per_second']:.0f}", f"{quern['per_second']:.0f}",
             f"{limit['p99_ms']:.2f} ms", f"{quern['p99_ms']:.2f} ms")
    print_row(cells + (verdict(result["passed"]),))


def print_row(cells: tuple[str, ...]) -> None:
    print(f"{cells[0]:<12}" + "".join(f"{cell:>13}" for cell in cells[1:-1]) + f"  {cells[-1]}", flush=True)


def show_static(result: dict) -> None:
    print("\nstatic file of 1 MiB")
    if "skipped" in result:
        print(f"  left out: {result['skipped']}", flush=True)
        return
    for rival, figures in result["rivals"].items():
        for name in (rival, "quern"):
            load = figures[name]
            print(f"  {name:<17}{load['cpu_us']:7.1f} µs  {load['per_second']:7.0f} req/s  p99 {load['p99_ms']:.2f} ms")
        bar = f"(bar {figures['bar']:.1f})  {verdict(figures['passed'])}" if rival == "nginx" else "(for comparison)"
        print(f"  ratio            {figures['ratio']:7.2f}     {bar}", flush=True)


def show_idle(result: dict) -> None:
    alone, among = result["alone_ms"], result["among_ms"]
    memory, cpu, ratio = result["bytes_per_connection"], result["cpu"], result["latency_ratio"]
    print(f"\n{result['connections']} idle connections")
    print(f"  memory      {memory:6.0f} bytes each  (bar {idle.MEMORY_BAR:.0f})  {verdict(memory <= idle.MEMORY_BAR)}")
    print(f"  processor   {cpu * 100:6.2f} %           (bar {idle.CPU_BAR * 100:.0f})     {verdict(cpu < idle.CPU_BAR)}")
    print(f"  latency     median {among['median']:.3f} ms among them, {alone['median']:.3f} alone: {ratio:.2f} times "
          f"(bar {idle.LATENCY_BAR})  {verdict(ratio <= idle.LATENCY_BAR)}")
    print(f"              p99    {among['p99']:.3f} ms among them, {alone['p99']:.3f} alone", flush=True)


def show_live_idle(result: dict) -> None:
    memory, cpu, memory_bar, cpu_bar = (result[key] for key in ("bytes_per_connection", "cpu", "memory_bar", "cpu_bar"))
    print(f"\n{result['connections']} idle connections, {result['case']}")
    print(f"  memory      {memory:6.0f} bytes each  (bar {memory_bar:.0f})  {verdict(memory <= memory_bar)}")
    bar = f"(bar {cpu_bar * 100:.0f})     {verdict(cpu < cpu_bar)}" if cpu_bar else "(no bar)"
    print(f"  processor   {cpu * 100:6.2f} %           {bar}", flush=True)


def show_tasks(result: dict) -> None:
    print(f"\ntasks, {result['case']}")
    ratio = f"  {result['ratio']:.2f} times the limit's requests" if "ratio" in result else ""
    print(f"  {result['per_second']:.0f} each second, {result['cpu_us']:.2f} µs{ratio}  (bar {result['bar']:g})  "
          f"{verdict(result['passed'])}", flush=True)


def show_lifetime(result: dict) -> None:
    print("\nlifetime")
    for name, seconds in (("start", result["start_s"]), ("stop", result["stop_s"])):
        print(f"  {name:<6} {seconds * 1000:6.0f} ms  (goal {lifetime.GOAL * 1000:.0f}, bar {lifetime.GATE * 1000:.0f})"
              f"  {verdict(seconds <= lifetime.GATE)}", flush=True)


def show_tables(result: dict) -> None:
    print("\ntables, operations in a second of processor time")
    for rows, rates in result["rates"].items():
        print(f"  {rows:>7} rows  " + "  ".join(f"{name} {rate / 1e6:5.1f} M" for name, rate in rates.items()))
    bars = "  ".join(f"{name} {bar / 1e6:5.1f} M" for name, bar in tables.BARS.items())
    print(f"  bar           {bars}  {verdict(result['passed'])}", flush=True)


def run(options: argparse.Namespace) -> list[dict]:
    results = []
    load = {"seconds": 1, "repeats": 1} if options.quick else {"seconds": options.seconds, "repeats": 3}
    heading_due = True
    for case in throughput.CASES + live.CASES:
        if case.name not in options.only:
            continue
        if heading_due:
            print_row(_HEADINGS)
            heading_due = False
        if case in live.CASES:
            shown = replace(case, connections=min(case.connections, 1000)) if options.quick else case
            result = live.measure(shown, options.build_dir, **load)
        else:
            result = throughput.measure(case, options.build_dir, all_on=options.all_on, **load)
        show_throughput(result)
        results.append(result)
    if staticfile.CASE.name in options.only:
        result = staticfile.measure(options.build_dir, **load)
        show_static(result)
        results.append(result)
    if "idle" in options.only:
        quick = {"connections": 1000, "seconds": 1, "rounds": 1}
        full = {"connections": 10_000, "seconds": 5, "rounds": 3}
        result = idle.measure(options.build_dir, **(quick if options.quick else full))
        show_idle(result)
        results.append(result)
    if live.WEBSOCKETS.name in options.only:
        quick = {"connections": 1000, "seconds": 3, "ping_interval": 1}
        full = {"connections": live.WEBSOCKETS.connections, "seconds": 35, "ping_interval": 30}
        result = live.measure_websockets(options.build_dir, **(quick if options.quick else full))
        show_live_idle(result)
        results.append(result)
    if live.TLS.name in options.only:
        connections, seconds = (200, 1) if options.quick else (live.TLS.connections, 5)
        result = live.measure_tls(options.build_dir, connections, seconds)
        show_live_idle(result)
        results.append(result)
    if work.ROUND_TRIPS.name in options.only:
        result = work.measure_round_trips(options.build_dir, **load)
        show_tasks(result)
        results.append(result)
    if work.DURABLE.name in options.only:
        result = work.measure_durable(options.build_dir, load["repeats"], options.quick)
        show_tasks(result)
        results.append(result)
    if "lifetime" in options.only:
        result = lifetime.measure(options.build_dir, repeats=1 if options.quick else 5)
        show_lifetime(result)
        results.append(result)
    if "tables" in options.only:
        result = tables.measure(options.build_dir, seconds=0.2 if options.quick else 2)
        show_tables(result)
        results.append(result)
    return results


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true",
                        help="short runs that show that all works; the bars are printed and not checked")
    parser.add_argument("--no-gate", action="store_true", help="exit 0 even if a bar is missed")
    parser.add_argument("--only", action="append", choices=NAMES, help="this part alone; may be repeated")
    parser.add_argument("--all-on", action="store_true",
                        help="hello and bytes with access log, static files, slow log and trusted proxies switched on")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each load run")
    parser.add_argument("--json", type=Path, help="write the results to this file as well")
    parser.add_argument("--build-dir", type=Path, default=_ROOT / "build/release")
    options = parser.parse_args()
    options.only = options.only or NAMES
    options.build_dir = options.build_dir.resolve()
    for program in ("bin/quern", "tests/bench/limit_server", "tests/bench/live_clients", "tests/bench/table_bench",
                    "tests/fixtures/plugins/liblive.so", "lib/quern/plugins/libworklab.so"):
        if not (options.build_dir / program).exists():
            parser.error(f"{options.build_dir / program} is missing: build first, or name the folder with --build-dir")
    return options


def main() -> int:
    options = parse_options()
    # Whatever ends this program runs the clean-up of the servers.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = os.getloadavg()[0]
    if load > 0.5 and not options.quick:
        print(f"bench: the load average is {load:.1f}; figures of a busy machine mean little", file=sys.stderr)
    try:
        results = run(options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    missed = [result["case"] for result in results if not result["passed"]]
    if missed and not (options.quick or options.no_gate):
        print(f"bench: over the bar: {', '.join(missed)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
