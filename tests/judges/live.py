"""The vendor's live client, unchanged, against `frontmonth replay`."""

import sys
import warnings

import databento
import databento_dbn as dbn

from harness import (
    START, Replay, bars, expect, expect_equal, main, records_of, statistics, synth, trades, write_dbn)

GATEWAY_RECORDS = (dbn.SystemMsg, dbn.ErrorMsg, dbn.SymbolMappingMsg)


class Listener:
    """What a client was given, by kind of record."""

    def __init__(self, client):
        self.data = {}
        self.mappings = set()
        self.system = []
        self.errors = []
        self.failure = None  # what the client raised at the end
        client.add_callback(self._take)

    def _take(self, record):
        if isinstance(record, dbn.SymbolMappingMsg):
            self.mappings.add((record.stype_in_symbol, record.stype_out_symbol, record.instrument_id))
        elif isinstance(record, dbn.SystemMsg):
            self.system.append((int(record.code), record.msg))
        elif isinstance(record, dbn.ErrorMsg):
            self.errors.append((int(record.code), record.err))
        else:
            self.data.setdefault(int(record.rtype), []).append(bytes(record))


def session(replay, subscriptions, **options):
    client = replay.live(**options)
    listener = Listener(client)
    for subscription in subscriptions:
        client.subscribe(dataset="GLBX.MDP3", **subscription)
    client.start()
    try:
        client.block_for_close(timeout=45)
    except databento.BentoError as error:
        listener.failure = str(error)
    return listener


def judge_live_gives_every_record_of_several_schemas(folder):
    files = {
        dbn.RType.MBP_1: synth(folder, "day.dbn"),
        dbn.RType.MBP_0: write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(500)),
        dbn.RType.OHLCV_1M: write_dbn(folder / "bars.dbn", dbn.Schema.OHLCV_1M, bars(300)),
        dbn.RType.STATISTICS: write_dbn(folder / "statistics.dbn", dbn.Schema.STATISTICS, statistics(50)),
    }
    with Replay(files.values(), "--speed", "max") as replay:
        got = session(replay, [
            {"schema": schema, "symbols": "ALL_SYMBOLS", "start": 0}
            for schema in ("tbbo", "trades", "ohlcv-1m", "statistics")])
    expect_equal(got.errors, [], "error records")
    for rtype, path in files.items():
        expect(got.data.get(int(rtype)) == records_of(path), f"the {rtype} records are not those of the file")
    acks = [message for code, message in got.system if code == 1]
    expect_equal(len(acks), 4, "subscription acknowledgements")
    done = sorted(message for code, message in got.system if code == 3)
    expect_equal(done, sorted(f"Finished {s} replay" for s in ("tbbo", "trades", "ohlcv-1m", "statistics")),
                 "ends of replay")


def judge_live_resolves_parents_and_raw_symbols(folder):
    path = write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(300))
    all_records = [bytes(record) for record in databento.DBNStore.from_file(path)]
    ids = [int.from_bytes(record[4:8], "little") for record in all_records]
    with Replay([path], "--speed", "max") as replay:
        parent = session(replay, [{"schema": "trades", "stype_in": "parent", "symbols": "ES.FUT", "start": 0}])
        raw = session(replay, [{"schema": "trades", "symbols": ["NQU5", "XXU5"], "start": 0}])
    expect_equal(parent.mappings, {("ESU5", "ESU5", 101), ("ESZ5", "ESZ5", 102)}, "mappings of ES.FUT")
    expect(parent.data[0] == [r for r, i in zip(all_records, ids) if i in (101, 102)], "records of ES.FUT")
    expect(raw.data[0] == [r for r, i in zip(all_records, ids) if i == 103], "records of NQU5")
    expect_equal([code for code, _ in raw.errors], [4], "error of the symbol that is not there")
    expect_equal(raw.failure, "Failed to resolve symbol: XXU5", "what the client raises")


def judge_live_replays_from_a_start(folder):
    path = write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(600))
    start = START + 300 * 1_000_000_000
    wanted = [bytes(r) for r in databento.DBNStore.from_file(path) if r.ts_event >= start]
    expect(100 < len(wanted) < 600, "the test's own data")
    with Replay([path], "--speed", "max") as replay:
        by_number = session(replay, [{"schema": "trades", "start": start}])
        by_text = session(replay, [{"schema": "trades", "start": "2025-06-16T00:05:00"}])
    expect(by_number.data[0] == wanted, "records from a start in nanoseconds")
    expect(by_text.data[0] == wanted, "records from a start in text")


def judge_live_reads_compressed_sessions(folder):
    path = synth(folder, "day.dbn", trades=2000)
    with Replay([path], "--speed", "max") as replay:
        got = session(replay, [{"schema": "tbbo", "start": 0}], compression=dbn.Compression.ZSTD)
    expect(got.data[1] == records_of(path), "records of a zstd session")


def judge_live_writes_a_file_that_the_vendor_reads(folder):
    path = synth(folder, "day.dbn", trades=2000)
    out = folder / "live.dbn"
    with Replay([path], "--speed", "max") as replay:
        client = replay.live()
        client.add_stream(str(out))
        client.subscribe(dataset="GLBX.MDP3", schema="tbbo", stype_in="parent", symbols="ES.FUT", start=0)
        client.start()
        client.block_for_close(timeout=45)
    store = databento.DBNStore.from_file(out)
    got = [bytes(r) for r in store if not isinstance(r, GATEWAY_RECORDS)]
    numbers = {r.instrument_id for r in store if isinstance(r, dbn.SymbolMappingMsg)}
    wanted = [r for r in records_of(path) if int.from_bytes(r[4:8], "little") in numbers]
    expect(len(wanted) > 500 and got == wanted, f"the file holds {len(got)} records, expected {len(wanted)}")


def judge_live_reconnects_after_a_failure(folder):
    # The vendor's client takes a clean end for the wished one; an error record before it makes it come back.
    path = write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(400))
    with Replay([path], "--speed", "max", "--fault", "error@150:6") as replay:
        client = replay.live(reconnect_policy="reconnect")
        listener = Listener(client)
        gaps = []
        client.add_reconnect_callback(lambda start, end: gaps.append((start, end)))
        client.subscribe(dataset="GLBX.MDP3", schema="trades", start=0)
        client.start()
        client.block_for_close(timeout=45)
    wanted = records_of(path)
    expect_equal([code for code, _ in listener.errors], [6], "error records")
    expect_equal(len(gaps), 1, "reconnections")
    # It subscribes anew without a start; a session of its own clock then begins with the first record.
    expect(listener.data[0] == wanted[:150] + wanted, "records before the failure and after it")


def judge_live_reconnects_after_a_reset(folder):
    path = write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(400))
    with Replay([path], "--speed", "max", "--fault", "reset@150") as replay:
        client = replay.live(reconnect_policy="reconnect")
        listener = Listener(client)
        client.subscribe(dataset="GLBX.MDP3", schema="trades", start=0)
        client.start()
        client.block_for_close(timeout=45)
    wanted = records_of(path)
    got = listener.data[0]
    # A reset may take with it what was on its way.
    before = len(got) - len(wanted)
    expect(0 <= before <= 150 and got == wanted[:before] + wanted, f"{len(got)} records around a reset")


def judge_live_is_told_what_is_wrong(folder):
    path = write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(10))
    key_file = folder / "key"
    key_file.write_text("db-" + "X" * 29)
    key_file.chmod(0o600)
    with Replay([path], "--speed", "max", "--key-file", str(key_file)) as replay:
        client = replay.live()
        try:
            client.subscribe(dataset="GLBX.MDP3", schema="trades", start=0)
        except databento.BentoError as error:
            expect("auth" in str(error).lower(), str(error))
        else:
            raise AssertionError("a wrong key was let in")
    with Replay([path], "--speed", "max") as replay:
        client = replay.live()
        try:
            client.subscribe(dataset="XNAS.ITCH", schema="trades")
        except databento.BentoError as error:
            expect("dataset" in str(error).lower(), str(error))
        else:
            raise AssertionError("a dataset that is not here was let in")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.modules[__name__])
