"""sqlglot judges every SQL text that frontmonth can send to BigQuery: its grammar, and against the catalogue's
schema every table and column that it names.

The statements come from the program's own generators, in the file named by FM_STATEMENTS: {"schema": {"dataset.table":
{column: type}}, "statements": [{"name", "sql"}, …]}.
"""

import json
import os
import sys

import sqlglot
from harness import expect, main
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

PROJECT = "market-4711"
with open(os.environ["FM_STATEMENTS"], encoding="utf-8") as file:
    GIVEN = json.load(file)

# What the service itself has.
VIEWS = {
    "PARTITIONS": {"table_name": "STRING", "partition_id": "STRING", "total_rows": "INT64",
                   "last_modified_time": "TIMESTAMP", "total_logical_bytes": "INT64"},
    "JOBS_BY_PROJECT": {"creation_time": "TIMESTAMP", "job_type": "STRING", "statement_type": "STRING",
                        "total_bytes_billed": "INT64", "total_bytes_processed": "INT64"},
}


class Refused(Exception):
    pass


def columns_of(table):
    """A table's columns; raises for one that the catalogue has not."""
    name = table.name
    parts = [part.name for part in table.parts]
    if "INFORMATION_SCHEMA" in ".".join(parts).upper():
        view = ".".join(parts).upper().rsplit(".", 1)[-1]
        if view not in VIEWS:
            raise Refused(f"unknown view {view}")
        return VIEWS[view]
    if "_staging_" in name:
        name = name[:name.index("_staging_")]
    dataset = table.db
    columns = GIVEN["schema"].get(f"{dataset}.{name}")
    if columns is None:
        raise Refused(f"unknown table {'.'.join(parts)}")
    return columns


def schema_of(tree):
    """For sqlglot, with the tables that the statement names."""
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    schema = {}
    for table in tree.find_all(exp.Table):
        if not table.db and table.name in ctes:
            continue
        catalog = schema.setdefault(table.catalog or PROJECT, {})
        catalog.setdefault(table.db, {})[table.name] = columns_of(table)
    return schema


def analyse_query(query, outer=None):
    """A SELECT: every column resolved, every expression typed. Returns the names of its columns."""
    tree = query.copy()
    schema = outer or schema_of(tree)
    for table in tree.find_all(exp.Table):
        if table.db and not table.catalog:
            table.set("catalog", exp.to_identifier(PROJECT, quoted=True))
    qualified = qualify(tree, dialect="bigquery", schema=schema, catalog=PROJECT, validate_qualify_columns=True,
                        quote_identifiers=False)
    annotate_types(qualified, schema=schema, dialect="bigquery")
    return set(qualified.named_selects)


def own_columns(tree):
    """Columns of the statement itself, not of the queries within it."""
    for column in tree.find_all(exp.Column):
        parent = column.parent
        while parent is not None and parent is not tree and not isinstance(parent, exp.Query):
            parent = parent.parent
        if parent is tree:
            yield column


def check_columns(tree, names_of):
    for column in own_columns(tree):
        sources = [names_of[column.table]] if column.table in names_of else (
            [] if column.table else list(names_of.values()))
        if not any(column.name in names for names in sources):
            raise Refused(f"unknown column {column.sql(dialect='bigquery')}")


def analyse_merge(tree):
    target, source = tree.this, tree.args["using"]
    target_columns = set(columns_of(target))
    source_columns = (analyse_query(source.this) if isinstance(source, exp.Subquery) else set(columns_of(source)))
    names_of = {target.alias_or_name: target_columns, source.alias_or_name: source_columns}
    for when in tree.find_all(exp.When):
        then = when.args["then"]
        if isinstance(then, exp.Insert):
            named = [column.name for column in then.this.expressions]
            if set(named) - target_columns:
                raise Refused(f"INSERT into unknown columns {set(named) - target_columns}")
            if len(named) != len(then.expression.expressions):
                raise Refused("INSERT of another number of values than columns")
            then.set("this", None)
        elif isinstance(then, exp.Update):
            for assignment in then.expressions:
                if assignment.this.name not in target_columns:
                    raise Refused(f"UPDATE of unknown column {assignment.this.name}")
    check_columns(tree, names_of)


def analyse_create(tree):
    """Columns, partition and cluster, with the catalogue's types."""
    if tree.kind == "SCHEMA":
        return
    if tree.kind == "VIEW":
        analyse_query(tree.expression)
        return
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    wanted = columns_of(table)
    made = {column.name: column.kind.sql(dialect="bigquery") for column in tree.this.find_all(exp.ColumnDef)}
    if made != wanted:
        raise Refused(f"{table.name}: columns {made}; expected {wanted}")
    for kind in (exp.PartitionedByProperty, exp.Cluster):
        found = tree.find(kind)
        for column in found.find_all(exp.Column, exp.Identifier) if found else []:
            if column.name not in wanted:
                raise Refused(f"{table.name}: partitioned or clustered by unknown {column.name}")


def analyse(sql):
    trees = sqlglot.parse(sql, dialect="bigquery", error_level=ErrorLevel.RAISE)
    if not any(trees):
        raise Refused("no statement")
    for tree in trees:
        if tree is None:
            continue
        if isinstance(tree, exp.Command) or tree.find(exp.Command):
            raise Refused(f"not understood: {tree.sql()[:80]}")
        for function in tree.find_all(exp.Anonymous):
            raise Refused(f"unknown function {function.name}")
        if isinstance(tree, exp.Query):
            analyse_query(tree)
        elif isinstance(tree, exp.Merge):
            analyse_merge(tree)
        elif isinstance(tree, exp.Create):
            analyse_create(tree)
        elif isinstance(tree, exp.Delete):
            check_columns(tree, {tree.this.alias_or_name: set(columns_of(tree.this))})
        else:
            raise Refused(f"a kind of statement that is not judged: {tree.key}")


def refuses(sql):
    try:
        analyse(sql)
    except (Refused, SqlglotError):
        return True
    return False


def judge_every_statement_is_understood(_):
    statements = GIVEN["statements"]
    expect(len(statements) > 100, f"only {len(statements)} statements")
    wrong = []
    for statement in statements:
        try:
            analyse(statement["sql"])
        except (Refused, SqlglotError) as error:
            wrong.append(f"{statement['name']}: {error}\n{statement['sql'][:2000]}")
    expect(not wrong, f"{len(wrong)} of {len(statements)} statements:\n" + "\n\n".join(wrong[:5]))


def judge_every_kind_of_statement_is_there(_):
    kinds = {statement["name"].split(" ")[0] for statement in GIVEN["statements"]}
    wanted = {"create", "view", "merge", "delete", "count", "sums", "dates", "rows", "rollup", "scheduled",
              "partitions", "cost"}
    expect(wanted <= kinds, f"missing: {wanted - kinds}")


def judge_what_is_wrong_is_refused(_):
    right = "SELECT ticker, volume + 1 AS more FROM `market-4711.market_data.candles_1m` WHERE trade_date >= DATE '2025-01-01'"
    analyse(right)
    merge = ("MERGE `market-4711.market_data.candle_sessions` AS t USING `market-4711.market_data.candle_sessions_staging_1` "
             "AS s ON t.ticker = s.ticker WHEN MATCHED THEN UPDATE SET cvd_close = s.cvd_close")
    analyse(merge)
    for wrong in (
            right.replace("volume", "volumes"), right.replace("candles_1m", "candles_1x"),
            right.replace("WHERE", "WHERE WHERE"), right.replace("volume", "NO_SUCH_FUNCTION(volume)"),
            right.replace("trade_date >=", "trade_day >="), merge.replace("SET cvd_close", "SET cvd_closing"),
            merge.replace("s.ticker", "s.tickers"), merge.replace("t.ticker", "u.ticker"),
            merge.replace("candle_sessions_staging", "sessions_staging"),
            "DELETE FROM `market-4711.market_data.candles_1m` WHERE day = DATE '2025-01-01'",
            "CREATE TABLE market_data.candles_1m (ticker STRING)", "OPTIMIZE everything"):
        expect(refuses(wrong), f"not refused: {wrong}")
    # Inside what the program itself says.
    for kind, column in (("rollup", "`ts_event`"), ("rollup", "local_date"), ("rollup", "s.`open`"), ("sums", "volume"),
                         ("rows", "`ticker`"), ("scheduled", "t.`trade_date`"), ("cost", "creation_time")):
        sql = next(one["sql"] for one in GIVEN["statements"]
                   if one["name"].split(" ")[0] == kind and column in one["sql"])
        wrong = sql.replace(column, column.replace("e", "q", 1) if "e" in column else column.replace("o", "q", 1), 1)
        expect(wrong != sql and refuses(wrong), f"not refused: {column} misspelt in {kind}")


if __name__ == "__main__":
    main(sys.modules[__name__])
