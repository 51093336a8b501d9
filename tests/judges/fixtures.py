"""Real records of every schema, from the shared test data, through both services to the vendor's client."""

import os
import sys
import warnings
from pathlib import Path

import databento

from harness import Replay, expect, main, records_of
from live import session

FIXTURES = Path(os.environ.get("FM_SHARED_DATA", "/nowhere")) / "glbx-fixtures"
SCHEMAS = ("mbo", "mbp-1", "mbp-10", "trades", "bbo-1s", "bbo-1m", "ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d",
           "definition", "statistics", "status")


def path_of(schema):
    return FIXTURES / f"test_data.{schema}.dbn.zst"


def judge_historical_gives_every_schema_as_it_was(folder):
    with Replay([path_of(s) for s in (*SCHEMAS, "tbbo")], historical=True) as replay:
        client = replay.historical()
        for schema in (*SCHEMAS, "tbbo"):
            store = client.timeseries.get_range(
                "GLBX.MDP3", "2020-12-28", "2020-12-29", schema=schema, symbols="ESH1")
            expect([bytes(r) for r in store] == records_of(path_of(schema)), f"{schema} is not the file's")


def judge_live_gives_every_schema_as_it_was(folder):
    # tbbo and mbp-1 share a type of record and do not go into one session.
    for schemas in (SCHEMAS, ("tbbo",)):
        with Replay([path_of(s) for s in schemas], "--speed", "max") as replay:
            got = session(replay, [{"schema": s, "symbols": "ESH1", "start": 0} for s in schemas])
        for schema in schemas:
            wanted = records_of(path_of(schema))
            rtype = wanted[0][1]
            expect(got.data.get(rtype) == wanted,
                   f"{schema}: {len(got.data.get(rtype, []))} records, expected {len(wanted)}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.modules[__name__])
