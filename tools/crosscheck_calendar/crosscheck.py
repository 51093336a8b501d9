#!/usr/bin/env python3
"""Compares the built-in calendar with pandas_market_calendars, and with real minute bars where given.

    cmake --build build/release --target market_calendar_dump
    python3 -m venv build/crosscheck && build/crosscheck/bin/pip install pandas_market_calendars==5.5.0
    build/release/src/market/market_calendar_dump > build/calendar.csv
    build/crosscheck/bin/python tools/crosscheck_calendar/crosscheck.py build/calendar.csv [FOLDER OF LEAN BARS]

Exits 3 when a difference is found that KNOWN does not explain. A developer's tool: nothing of the build or the
tests needs it. src/market/README.md says who is right about the known differences, and why.
"""
import csv
import datetime as dt
import glob
import os
import sys
import zipfile
from zoneinfo import ZoneInfo

import pandas_market_calendars as mcal

CHICAGO = ZoneInfo("America/Chicago")
FIRST, LAST = dt.date(2010, 6, 6), dt.date(2027, 12, 31)
CALENDARS = {
    "equity": ["CME_Equity", "CME Globex Equity"],
    "energy": ["CMEGlobex_EnergyAndMetals"],
    "metals": ["CMEGlobex_EnergyAndMetals"],
    "fx": ["CMEGlobex_FX"],
    "grains": ["CME_Agriculture", "CMEGlobex_Grains"],
    "livestock": ["CMEGlobex_Livestock"],
}


def ours(path):
    """family → session day (Chicago date of the last close) → last close of that day, local time."""
    days = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            close = dt.datetime.fromisoformat(row["close"].replace("Z", "+00:00")).astimezone(CHICAGO)
            opened = dt.datetime.fromisoformat(row["open"].replace("Z", "+00:00")).astimezone(CHICAGO)
            if close.date() == opened.date() and close.hour >= 16 and opened.hour >= 15:
                if close.hour != 16 or opened.hour != 15 or close.minute == 30:
                    continue  # an evening's first stretch (rice, indices before 2012): no session day of its own
            day = days.setdefault(row["family"], {})
            day[close.date()] = max(day.get(close.date(), dt.time(0)), close.time())
    return days


def known(family, name, day, mine, theirs):
    """Why the two may differ on this day, or nothing."""
    year, weekday = day.year, day.weekday()
    reaching_back = (dt.time(15, 15), dt.time(16), dt.time(16, 15))
    if day < dt.date(2015, 9, 21) and family == "equity" and {mine, theirs} <= set(reaching_back):
        return "their modern hours reach back: 16:15 until 2015, 15:15 until 2012"
    if day < dt.date(2015, 9, 21) and theirs == dt.time(16) and mine == dt.time(16, 15):
        return "they have 16:00 for all years; it was 16:15 until 2015-09-18"
    changed = dt.date(2015, 7, 6) if family == "grains" else dt.date(2016, 2, 29)
    if day < changed and family in ("grains", "livestock") and theirs in (dt.time(13, 20), dt.time(13, 5)) and mine in (
            dt.time(13, 15), dt.time(14), dt.time(16), dt.time(13, 55)):
        return "they have today's hours for all years"
    if day in (dt.date(2012, 10, 29), dt.date(2012, 10, 30)):
        return "hurricane Sandy is not in their calendars"
    if day in (dt.date(2018, 12, 5), dt.date(2025, 1, 9), dt.date(2015, 4, 3)):
        return "days of mourning: they copy the stock market; CME's own notices differ"
    if name == "CME_Equity" and mine in (dt.time(12, 15), dt.time(10, 30)) and theirs == dt.time(12):
        return "CME_Equity has noon for every short day; their own Globex calendar has ours"
    if day.month in (3, 4) and weekday == 4 and year in (2024, 2025, 2027) and mine is None:
        return "Good Friday without employment report: closed; they open every one after 2022"
    if day.month in (3, 4) and weekday == 4 and mine is None and name == "CMEGlobex_FX":
        return "Good Friday 2022: closed"
    if family == "fx" and day.month in (3, 4) and weekday == 4 and year in (2010, 2012) and theirs is None:
        return "FX traded until 10:15 on the report Fridays of 2010 and 2012 (Lean); they close it"
    if family == "fx" and theirs == dt.time(16) and mine == dt.time(15, 15):
        return "Fridays before long weekends until 2015 (Lean)"
    if family == "fx" and day.month == 9 and theirs == dt.time(16) and year == 2022:
        return "Labor Day 2022: noon (Lean)"
    if year <= 2014 and family in ("energy", "metals") and theirs == dt.time(12) and mine == dt.time(12, 15):
        return "12:15 until 2014 (Lean); they have noon"
    if family in ("energy", "metals") and mine == dt.time(15, 15):
        return "Fridays before long weekends of 2010 and 2011 (Lean)"
    if family in ("energy", "metals") and day.month == 12 and day.day == 24 and mine == dt.time(12, 45):
        return "Christmas Eve closes at 12:45 (Lean); they leave it out but for 2026"
    if day == dt.date(2010, 12, 31):
        return "short New Year's Eve of 2010"
    if family == "grains" and theirs in (dt.time(12), dt.time(13, 20)) and mine in (dt.time(12, 5), dt.time(12)):
        return "short days of grains: 12:00 until 2015, 12:05 since, and July 2/3 of 2013-2020 (Lean)"
    if family == "grains" and name == "CMEGlobex_Grains":
        return "their Globex_Grains leaves out early closes and Juneteenth"
    if family == "grains" and day.month in (6,) and mine is None:
        return "Juneteenth"
    if family == "livestock" and mine in (dt.time(12, 15), dt.time(12), dt.time(12, 5)):
        return "short days of livestock: 12:15 until 2019, 12:05 to 2022, July 2/3 of 2013-2020 (Lean)"
    if family == "livestock" and day.month == 6 and mine is None:
        return "their Livestock leaves out Juneteenth"
    if weekday == 4 and day.month == 12 and day.day in (24, 31):
        return "Christmas on a Saturday is kept on Friday (soybean oil has no record of 2010-12-24, 2021-12-24)"
    if day.month == 12 and day.day == 26 and weekday == 0 and mine is None:
        return "Christmas on a Sunday is kept on Monday"
    return None


def compare(days):
    unexplained, explained = 0, {}
    for family, names in CALENDARS.items():
        for name in names:
            schedule = mcal.get_calendar(name).schedule(FIRST.isoformat(), LAST.isoformat(), tz="America/Chicago")
            theirs = {index.date(): row["market_close"].time() for index, row in schedule.iterrows()}
            day = FIRST
            while day <= LAST:
                mine, other = days[family].get(day), theirs.get(day)
                if mine != other:
                    why = known(family, name, day, mine, other)
                    if why:
                        key = (family, name, why)
                        explained[key] = explained.get(key, 0) + 1
                    else:
                        unexplained += 1
                        print(f"DIFFERENT {family:9} {day} {day:%a} ours {mine} {name} {other}")
                day += dt.timedelta(days=1)
    for (family, name, why), count in sorted(explained.items()):
        print(f"known {count:5} {family:9} {name}: {why}")
    return unexplained


def compare_bars(path, folder):
    """Every minute with a trade lies in a span. Bars are in milliseconds since UTC midnight."""
    spans = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            if row["open"].startswith("2013-10"):
                spans.setdefault(row["family"], []).append((row["open"], row["close"]))
    wrong = checked = 0
    for archive in sorted(glob.glob(os.path.join(folder, "*-minute", "*_trade.zip"))):
        family = "equity" if "es-minute" in archive else "metals"
        midnight = dt.datetime.strptime(os.path.basename(archive)[:8], "%Y%m%d")
        with zipfile.ZipFile(archive) as bars:
            for member in bars.namelist():
                for line in bars.read(member).decode().split():
                    when = midnight + dt.timedelta(milliseconds=int(line.split(",")[0]))
                    text = when.strftime("%Y-%m-%dT%H:%M:%SZ")
                    checked += 1
                    if not any(opened <= text < closed for opened, closed in spans[family]):
                        wrong += 1
                        print(f"OFF SESSION {family} {text} {member}")
    print(f"bars: {checked} minutes, {wrong} off session")
    return wrong


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    problems = compare(ours(sys.argv[1]))
    if len(sys.argv) == 3:
        problems += compare_bars(sys.argv[1], sys.argv[2])
    print("no unexplained difference" if problems == 0 else f"{problems} unexplained")
    sys.exit(3 if problems else 0)


if __name__ == "__main__":
    main()
