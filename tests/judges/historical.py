"""The vendor's historical client, unchanged, over TLS against `frontmonth replay`."""

import hashlib
import json
import sys
import time
import warnings

import databento
import databento_dbn as dbn

from harness import (
    START, Replay, bars, expect, expect_equal, main, records_of, synth, trades, write_dbn)

DAY_1 = "2025-06-16"
DAY_2 = "2025-06-17"
END = "2025-06-18"


def served(folder, *options):
    write_dbn(folder / "trades.dbn", dbn.Schema.TRADES, trades(1000, step=120_000_000_000))
    write_dbn(folder / "bars.dbn", dbn.Schema.OHLCV_1M, bars(300))
    return Replay([folder / "trades.dbn", folder / "bars.dbn"], *options, historical=True)


def all_trades(folder):
    return list(databento.DBNStore.from_file(folder / "trades.dbn"))


def as_bytes(store):
    return [bytes(record) for record in store]


def fails(call, status, text):
    try:
        call()
    except (databento.BentoClientError, databento.BentoServerError) as error:
        expect_equal(error.http_status, status, "status")
        expect(text in str(error), f"{error} does not say {text!r}")
    else:
        raise AssertionError(f"expected status {status}")


def judge_get_range_gives_the_records_of_the_file(folder):
    with served(folder) as replay:
        client = replay.historical()
        wanted = all_trades(folder)
        whole = client.timeseries.get_range("GLBX.MDP3", DAY_1, END, schema="trades")
        expect(as_bytes(whole) == [bytes(r) for r in wanted], "the whole range")
        client.timeseries.get_range("GLBX.MDP3", DAY_1, END, schema="trades", path=folder / "out.dbn.zst")
        expect(records_of(folder / "out.dbn.zst") == [bytes(r) for r in wanted], "the whole range to a file")
        day = client.timeseries.get_range("GLBX.MDP3", DAY_2, schema="trades", symbols="ESU5")
        expect(as_bytes(day) == [
            bytes(r) for r in wanted if r.instrument_id == 101 and r.ts_recv >= START + 86_400_000_000_000],
            "one symbol's second day")
        expect_equal(day.symbols, ["ESU5"], "symbols in the metadata")
        expect_equal(str(day.mappings["ESU5"][0]["start_date"]), DAY_2, "mapping in the metadata")
        some = client.timeseries.get_range(
            "GLBX.MDP3", START, START + 3_600_000_000_000, schema="trades", stype_in="parent", symbols="ES.FUT",
            limit=7)
        expect(as_bytes(some) == [bytes(r) for r in wanted if r.instrument_id != 103][:7], "a parent with a limit")
        minutes = client.timeseries.get_range("GLBX.MDP3", DAY_1, END, schema="ohlcv-1m")
        expect(as_bytes(minutes) == records_of(folder / "bars.dbn"), "bars")


def judge_get_range_gives_a_generated_day(folder):
    path = synth(folder, "day.dbn", trades=20_000)
    with Replay([path], historical=True) as replay:
        client = replay.historical()
        span = client.metadata.get_dataset_range("GLBX.MDP3")
        store = client.timeseries.get_range(
            "GLBX.MDP3", span["start"], span["end"], schema="tbbo", symbols="ES.FUT,ZL.FUT", stype_in="parent")
        expect(as_bytes(store) == records_of(path), "the day")
        expect_equal(client.metadata.get_record_count(
            "GLBX.MDP3", span["start"], span["end"], schema="tbbo", symbols="ES.FUT,ZL.FUT", stype_in="parent"),
            len(records_of(path)), "its count")


def judge_metadata_describes_the_files(folder):
    with served(folder) as replay:
        metadata = replay.historical().metadata
        expect_equal(metadata.list_datasets(), ["GLBX.MDP3"], "datasets")
        expect_equal(sorted(metadata.list_schemas("GLBX.MDP3")), ["ohlcv-1m", "trades"], "schemas")
        expect_equal([p["publisher_id"] for p in metadata.list_publishers()], [1], "publishers")
        fields = [f["name"] for f in metadata.list_fields("trades", "csv")]
        expect_equal(fields[:2] + fields[-1:], ["ts_recv", "ts_event", "sequence"], "fields")
        prices = {p["mode"]: p["unit_prices"] for p in metadata.list_unit_prices("GLBX.MDP3")}
        expect_equal(sorted(prices), ["historical", "historical-streaming", "live"], "modes")
        days = metadata.get_dataset_condition("GLBX.MDP3", DAY_1, DAY_2)
        expect_equal([(d["date"], d["condition"]) for d in days],
                     [(DAY_1, "available"), (DAY_2, "available")], "conditions")
        span = metadata.get_dataset_range("GLBX.MDP3")
        expect_equal((span["start"][:10], span["end"][:10]), (DAY_1, END), "range")
        ask = {"dataset": "GLBX.MDP3", "start": DAY_1, "end": END, "schema": "trades"}
        expect_equal(metadata.get_record_count(**ask), 1000, "records")
        expect_equal(metadata.get_record_count(**ask, limit=10), 10, "records up to a limit")
        expect_equal(metadata.get_billable_size(**ask), 48_000, "bytes")
        cost = metadata.get_cost(**ask)
        expect(abs(cost - 48_000 / 2**30 * prices["historical-streaming"]["trades"]) < 1e-12, f"cost {cost}")


def judge_symbology_resolves(folder):
    with served(folder) as replay:
        symbology = replay.historical().symbology
        answer = symbology.resolve("GLBX.MDP3", ["ESU5", "XXU5"], "raw_symbol", "instrument_id", DAY_1, END)
        expect_equal(answer["result"]["ESU5"], [{"d0": DAY_1, "d1": END, "s": "101"}], "ESU5")
        expect_equal((answer["not_found"], answer["status"]), (["XXU5"], 1), "what is not found")
        back = symbology.resolve("GLBX.MDP3", "101", "instrument_id", "raw_symbol", DAY_1)
        expect_equal(back["result"]["101"], [{"d0": DAY_1, "d1": DAY_2, "s": "ESU5"}], "101")
        parent = symbology.resolve("GLBX.MDP3", "ES.FUT", "parent", "instrument_id", DAY_1, END)
        expect_equal(sorted(parent["result"]), ["ESU5", "ESZ5"], "ES.FUT")


def submit(client, **options):
    job = client.batch.submit_job(
        "GLBX.MDP3", "ESU5,ESZ5,NQU5", "trades", start=DAY_1, end=END, **options)
    for _ in range(200):
        if client.batch.get_job_details(job["id"])["state"] == "done":
            return job["id"]
        time.sleep(0.05)
    raise AssertionError(f"job {job['id']} does not end")


def judge_batch_jobs_are_whole(folder):
    with served(folder) as replay:
        client = replay.historical()
        wanted = [bytes(r) for r in all_trades(folder)]
        job = submit(client)
        expect_equal([j["id"] for j in client.batch.list_jobs()], [job], "jobs")
        # All files in one zip archive.
        paths = client.batch.download(job, output_dir=folder / "zip")
        data = sorted(p for p in paths if p.name.endswith(".dbn.zst"))
        expect_equal([p.name for p in data],
                     ["glbx-mdp3-20250616.trades.dbn.zst", "glbx-mdp3-20250617.trades.dbn.zst"], "data files")
        expect([r for p in data for r in records_of(p)] == wanted, "records of the days")
        manifest = json.loads((folder / "zip" / job / "manifest.json").read_text())
        for entry in manifest["files"]:
            content = (folder / "zip" / job / entry["filename"]).read_bytes()
            expect_equal((len(content), "sha256:" + hashlib.sha256(content).hexdigest()),
                         (entry["size"], entry["hash"]), entry["filename"])
        # One file, begun before: the client asks for the rest by Range and checks the sum.
        name = data[0].name
        begun = folder / "one" / job / name
        begun.parent.mkdir(parents=True)
        begun.write_bytes(data[0].read_bytes()[:100])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.batch.download(job, output_dir=folder / "one", filename_to_download=name)
        expect(begun.read_bytes() == data[0].read_bytes(), "a resumed download")


def judge_batch_jobs_come_as_text(folder):
    with served(folder) as replay:
        client = replay.historical()
        job = submit(client, encoding="csv", compression=None, split_duration="none", pretty_px=True, pretty_ts=True,
                     limit=50)
        paths = client.batch.download(job, output_dir=folder / "csv")
        [csv] = [p for p in paths if p.suffix == ".csv"]
        expect_equal(csv.name, "glbx-mdp3-20250616-20250617.trades.csv", "name")
        lines = csv.read_text().splitlines()
        expect_equal(len(lines), 51, "lines")
        expect(lines[0].endswith(",sequence,symbol") and lines[1].endswith(",1,ESU5"), lines[1])
        expect(lines[1].startswith("2025-06-16T00:00:01.000001000Z,"), lines[1])
        by_symbol = submit(client, split_symbols=True, split_duration="none")
        names = {f["filename"] for f in client.batch.list_files(by_symbol)}
        expect("glbx-mdp3-20250616-20250617.trades.NQU5.dbn.zst" in names, f"{names}")


def judge_refusals_reach_the_user(folder):
    with served(folder) as replay:
        client = replay.historical()
        get = client.timeseries.get_range
        fails(lambda: get("GLBX.MDP3", DAY_1, END, schema="trades", symbols="XXU5"), 422,
              "None of the symbols could be resolved")
        fails(lambda: get("XNAS.ITCH", DAY_1, END, schema="trades"), 422, "XNAS.ITCH")
        fails(lambda: get("GLBX.MDP3", "2020-01-01", schema="trades"), 422, "outside the data")
        fails(lambda: client.batch.list_files("GLBX-20250616-NOTHING000"), 404, "no job")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            store = get("GLBX.MDP3", DAY_1, END, schema="trades", symbols="ESU5,XXU5")
        expect(any("XXU5" in str(w.message) for w in caught), f"warnings: {[str(w.message) for w in caught]}")
        expect_equal(store.metadata.not_found, ["XXU5"], "not found")


def judge_a_wrong_key_is_refused(folder):
    key_file = folder / "key"
    key_file.write_text("db-" + "X" * 29)
    key_file.chmod(0o600)
    with served(folder, "--key-file", str(key_file)) as replay:
        fails(lambda: replay.historical().metadata.list_datasets(), 401, "Authentication failed")


def judge_short_answers_are_errors(folder):
    with served(folder, "--fault", "http-close-after=5000*1") as replay:
        client = replay.historical()
        try:
            client.timeseries.get_range("GLBX.MDP3", DAY_1, END, schema="trades")
        except databento.BentoError:
            pass
        else:
            raise AssertionError("an answer that broke off was taken for a whole one")
        whole = client.timeseries.get_range("GLBX.MDP3", DAY_1, END, schema="trades")
        expect_equal(len(list(whole)), 1000, "records the second time")
    with served(folder, "--fault", "http-429=1:1") as replay:
        fails(lambda: replay.historical().metadata.list_datasets(), 429, "Too many requests")


def judge_other_answers_than_expected_do_not_hang(folder):
    """Clients that we do not know: every request gets an answer."""
    import requests
    with served(folder) as replay:
        base = f"http://127.0.0.1:{replay.http_port}"
        for method, path, status in (
                ("GET", "/", 404), ("GET", "/v0/nothing", 404), ("DELETE", "/v0/batch.list_jobs", 405),
                ("GET", "/v0/timeseries.get_range?" + "x=1&" * 1500, 400), ("PUT", "/v0/x", 404),
                ("OPTIONS", "/v0/metadata.list_datasets", 405), ("GET", "/v0/" + "y" * 3000, 414),
                ("GET", "/v0/metadata.list_schemas?dataset=%ZZ", 422)):
            answer = requests.request(method, base + path, timeout=10)
            expect_equal(answer.status_code, status, f"{method} {path[:40]}")
        answer = requests.post(base + "/v0/timeseries.get_range", data=b"\xff\x00" * 10, timeout=10)
        expect_equal(answer.status_code, 422, "bytes that are no form")
        answer = requests.post(base + "/v0/timeseries.get_range", files={"f": b"x"}, timeout=10)
        expect_equal(answer.status_code, 415, "a multipart body")


if __name__ == "__main__":
    main(sys.modules[__name__])
