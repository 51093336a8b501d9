"""What the judges share: data, the program under test, and how its servers are reached.

A judge is a function named judge_… in one of the scripts beside this one: the vendor's own client, unchanged, gets
what it should have, or it raises. `python SCRIPT [NAME...]` runs all of a script's judges or those that are named and
writes for each a line "passed NAME" or "failed NAME", the latter with a traceback before it.
"""

import datetime
import faulthandler
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

import databento
import databento_dbn as dbn

KEY = "db-" + "J" * 29
DATASET = "GLBX.MDP3"
PROGRAM = os.environ["FRONTMONTH"]
PATIENCE_S = 60

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 1_750_032_000 * SECOND  # 2025-06-16T00:00:00Z, a Monday


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_equal(got, wanted, what):
    expect(got == wanted, f"{what}: got {got!r:.400}, expected {wanted!r:.400}")


def synth(folder, name, trades=3000, roots="ES,ZL", date="2025-06-17"):
    """A generated session, made by the program itself; returns the file's path."""
    path = Path(folder) / name
    subprocess.run(
        [PROGRAM, "synth", "--roots", roots, "--date", date, "--trades", str(trades), "--seed", "7", "-o", path],
        check=True, stdout=subprocess.DEVNULL)
    return path


def mapping(raw_symbol, instrument_id, first, end):
    """One symbol's instrument over the days of a file, in the shape that the vendor's encoder takes."""
    interval = SimpleNamespace(start_date=first, end_date=end, symbol=str(instrument_id))
    return SimpleNamespace(raw_symbol=raw_symbol, intervals=[interval])


INSTRUMENTS = {101: "ESU5", 102: "ESZ5", 103: "NQU5"}
FIRST_DAY = datetime.date(2025, 6, 16)
END_DAY = datetime.date(2025, 6, 18)


def write_dbn(path, schema, records):
    """A file written by the vendor's own encoder, so that the program reads what it did not write."""
    metadata = dbn.Metadata(
        dataset=DATASET, start=START, stype_in=dbn.SType.RAW_SYMBOL, stype_out=dbn.SType.INSTRUMENT_ID,
        schema=schema, symbols=list(INSTRUMENTS.values()),
        mappings=[mapping(symbol, number, FIRST_DAY, END_DAY) for number, symbol in INSTRUMENTS.items()],
        end=START + 2 * DAY, version=3)
    path = Path(path)
    path.write_bytes(metadata.encode() + b"".join(bytes(record) for record in records))
    return path


def trades(count, step=SECOND, first=START + SECOND):
    """One trade each `step` nanoseconds, of the instruments in turn."""
    numbers = list(INSTRUMENTS)
    return [
        dbn.TradeMsg(
            publisher_id=1, instrument_id=numbers[i % len(numbers)], ts_event=first + i * step,
            price=6_000_000_000_000 + 250_000_000 * (i % 40), size=1 + i % 7, action=dbn.Action.TRADE,
            side=dbn.Side.BID if i % 2 else dbn.Side.ASK, depth=0, ts_recv=first + i * step + 1000,
            ts_in_delta=500, sequence=i + 1)
        for i in range(count)
    ]


def bars(count, rtype=dbn.RType.OHLCV_1M, step=60 * SECOND):
    numbers = list(INSTRUMENTS)
    return [
        dbn.OHLCVMsg(
            rtype=rtype, publisher_id=1, instrument_id=numbers[i % len(numbers)],
            ts_event=START + (i // len(numbers)) * step, open=10 + i, high=30 + i, low=5 + i, close=20 + i, volume=i)
        for i in range(count)
    ]


def statistics(count, step=10 * SECOND):
    return [
        dbn.StatMsg(
            publisher_id=1, instrument_id=101, ts_event=START + i * step, ts_recv=START + i * step + 1000,
            ts_ref=START, price=6_000_000_000_000 + i, quantity=i, stat_type=dbn.StatType.SETTLEMENT_PRICE,
            sequence=i)
        for i in range(count)
    ]


class Replay:
    """`frontmonth replay` over files, as a context: its ports and its certificate."""

    def __init__(self, paths, *options, historical=False):
        self._arguments = [PROGRAM, "replay", *map(str, paths), "--port", "0", "--json", *options]
        if historical:
            self._arguments += ["--http-port", "0", "--https-port", "0"]

    def __enter__(self):
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"replay does not start: {self._process.stderr.read()}")
        places = json.loads(line)
        self.live_port = places["live_port"]
        self.http_port = places.get("http_port", 0)
        self.https_port = places.get("https_port", 0)
        self.certificate = places.get("certificate", "")
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise AssertionError("replay does not end on SIGTERM") from None

    def live(self, **options):
        return databento.Live(key=KEY, gateway="127.0.0.1", port=self.live_port, **options)

    def historical(self):
        # The vendor's client speaks TLS alone; its two HTTP libraries look in two places.
        os.environ["REQUESTS_CA_BUNDLE"] = self.certificate
        os.environ["SSL_CERT_FILE"] = self.certificate
        return databento.Historical(key=KEY, gateway=f"https://localhost:{self.https_port}")


def records_of(path_or_bytes):
    """The market data of a file or of bytes, each record as the bytes of DBN version 3."""
    store = (databento.DBNStore.from_bytes(path_or_bytes) if isinstance(path_or_bytes, bytes)
             else databento.DBNStore.from_file(path_or_bytes))
    return [bytes(record) for record in store]


def main(module):
    judges = {name: value for name, value in vars(module).items() if name.startswith("judge_")}
    failures = 0
    for name in sys.argv[1:] or judges:
        # A client that hangs ends the script; what has not been judged by then counts as failed.
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
        with tempfile.TemporaryDirectory() as folder:
            try:
                judges[name](Path(folder))
                print("passed", name, flush=True)
            except Exception:
                failures += 1
                print(traceback.format_exc(), flush=True)
                print("failed", name, flush=True)
    # At once: the vendor's client has threads of its own.
    os._exit(1 if failures else 0)
