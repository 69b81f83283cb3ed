"""Write the Spark texts of the visit SQL from the canonical GoogleSQL: ``visitseg/visits/spark/``.

sqlglot parses and prints. What it would say wrongly in Spark, or what Spark has no words for, is
rewritten here on the tree: a subquery over UNNEST becomes functions of arrays, a pattern becomes
Java's, an integer becomes 64 bits wide. Texts that Spark reads as they stand are not written.
Whatever this does not know it must refuse, or the tests of equality must catch it:
tests/test_spark_*.py run every text beside DuckDB's.

    python scripts/write_spark_sql.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import sqlglot
from sqlglot import exp

VISITS = Path(__file__).resolve().parents[1] / "visitseg" / "visits"
TARGET = VISITS / "spark"
# How an export is read is each engine's own.
HAND_WRITTEN = "raw_export"
DIGITS = r" *\d{7,8}"


class UnknownError(Exception):
    """A construct that has no proven Spark text."""


def call(name: str, *args: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[arg.copy() for arg in args])


def each(name: str, array: exp.Expression, var: str, body: exp.Expression) -> exp.Anonymous:
    """Apply a function of an array and a lambda; `x -> x` changes nothing."""
    if name == "TRANSFORM" and isinstance(body, exp.Column) and body.sql() == var:
        return array
    made = exp.Lambda(this=body.copy(), expressions=[exp.to_identifier(var)])
    return exp.Anonymous(this=name, expressions=[array.copy(), made])


def text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def whole(value: int) -> exp.Literal:
    return exp.Literal.number(f"{value}L")


def try_cast(value: exp.Expression, kind: str) -> exp.TryCast:
    return exp.TryCast(this=value.copy(), to=exp.DataType.build(kind), safe=True)


def bigint(value: exp.Expression) -> exp.Cast:
    return exp.cast(value.copy(), "BIGINT")


class Rows:
    """The rows of a FROM that stands on an array: the array, and what an element is called."""

    def __init__(self, source: exp.Expression, where: exp.Expression | None) -> None:
        self.ranked: dict[str, exp.Window] = {}
        if isinstance(source, exp.Unnest):
            (self.array,), (alias,) = source.expressions, source.args["alias"].columns
            self.var = alias.name
        elif isinstance(source, exp.Subquery) and isinstance(source.this, exp.Select):
            self._nested(source.this, source.alias or "x")
        else:
            raise UnknownError(f"FROM {source.sql('bigquery')}")
        if where is not None:
            self.array = each("FILTER", self.array, self.var, self.told(where.this))

    def _nested(self, select: exp.Select, alias: str) -> None:
        inner = rows_of(select)
        named = {item.alias_or_name: item.unalias() for item in select.expressions}
        parts = {n: e.this if isinstance(e, exp.Cast) else e for n, e in named.items()}
        self.ranked = {n: e for n, e in parts.items() if isinstance(e, exp.Window)}
        if self.ranked:  # the ranks are looked at later; the rows are those within
            self.array, self.var, self.inner = inner.array, inner.var, named
            return
        self.single = next(iter(named)) if len(named) == 1 and alias == "x" else None
        fields = [part for n, e in named.items() for part in (text(n), inner.told(e))]
        body = fields[1] if self.single else call("NAMED_STRUCT", *fields)
        self.array, self.var = each("TRANSFORM", inner.array, inner.var, body), alias

    single: str | None = None

    def told(self, expression: exp.Expression) -> exp.Expression:
        """Say an expression over the rows as one over the lambda's variable."""
        if not self.single:
            return expression

        def to_var(node: exp.Expression) -> exp.Expression:
            here = isinstance(node, exp.Column) and not node.table and node.name == self.single
            return exp.column(self.var) if here else node

        return expression.copy().transform(to_var)

    def values(self, expression: exp.Expression) -> exp.Expression:
        return each("TRANSFORM", self.array, self.var, self.told(expression))


def rows_of(select: exp.Select) -> Rows:
    extra = {k for k, v in select.args.items() if v} - {"expressions", "from_", "where", "distinct"}
    if extra:
        raise UnknownError(f"{', '.join(sorted(extra))} in {select.sql('bigquery')}")
    return Rows(select.args["from_"].this, select.args.get("where"))


def over_array(select: exp.Select) -> bool:
    source = select.args.get("from_")
    while source is not None and isinstance(source.this, exp.Subquery):
        source = source.this.this.args.get("from_")
    return source is not None and isinstance(source.this, exp.Unnest)


def fold(select: exp.Select) -> exp.Expression:
    """Say a subquery of one aggregate over an array with functions of arrays."""
    rows = rows_of(select)
    (item,) = select.expressions
    item = item.unalias()
    if rows.ranked:
        return first_of(rows, item)
    if isinstance(item, exp.Coalesce) and isinstance(item.this, exp.Sum):
        return exp.Coalesce(this=aggregate(rows, item.this), expressions=item.expressions)
    return aggregate(rows, item)


def aggregate(rows: Rows, item: exp.Expression) -> exp.Expression:
    if isinstance(item, exp.Max | exp.Min):
        return call(f"ARRAY_{item.key.upper()}", rows.values(item.this))
    if isinstance(item, exp.Sum):
        known = each("FILTER", rows.values(item.this), "x", sqlglot.parse_one("x IS NOT NULL"))
        add = exp.Var(this="(s, x) -> COALESCE(s, 0) + x")
        return call("AGGREGATE", known, bigint(exp.null()), add)
    if isinstance(item, exp.Count):
        return count(rows, item)
    if isinstance(item, exp.GroupConcat) and isinstance(item.this, exp.Order):
        order = item.this
        if [key.this for key in order.expressions] != [order.this]:
            raise UnknownError(item.sql("bigquery"))
        # No element of ours is empty, so an empty text is an empty array: NULL, as in GoogleSQL.
        joined = call(
            "ARRAY_JOIN", call("ARRAY_SORT", rows.values(order.this)), item.args["separator"]
        )
        return exp.Nullif(this=joined, expression=text(""))
    raise UnknownError(item.sql("bigquery"))


def count(rows: Rows, item: exp.Count) -> exp.Expression:
    """Say COUNT(*), COUNT(DISTINCT x) or COUNT(CASE WHEN c THEN 1 END)."""
    what = item.this
    if isinstance(what, exp.Distinct):
        (value,) = what.expressions
        known = each("FILTER", rows.values(value), "x", sqlglot.parse_one("x IS NOT NULL"))
        found = call("ARRAY_DISTINCT", known)
    elif isinstance(what, exp.Star):
        found = rows.array
    elif isinstance(what, exp.Case) and len(what.args["ifs"]) == 1 and not what.args.get("default"):
        found = each("FILTER", rows.array, rows.var, rows.told(what.args["ifs"][0].this))
    else:
        raise UnknownError(item.sql("bigquery"))
    return exp.Coalesce(this=bigint(call("ARRAY_SIZE", found)), expressions=[whole(0)])


def first_of(rows: Rows, item: exp.Expression) -> exp.Expression:
    """Say MAX(CASE WHEN place = 1 THEN x END), where place is a ROW_NUMBER: the smallest struct."""
    case = item.this if isinstance(item, exp.Max) else None
    ifs = case.args["ifs"] if isinstance(case, exp.Case) else []
    test = ifs[0].this if len(ifs) == 1 else None
    if not (
        isinstance(test, exp.EQ) and test.this.name in rows.ranked and test.expression.name == "1"
    ):
        raise UnknownError(item.sql("bigquery"))
    keys = rows.ranked[test.this.name].args["order"].expressions
    if any(key.args.get("desc") or not key.args.get("nulls_first") for key in keys):
        raise UnknownError("only ascending keys, NULL first, compare as structs do")
    value = rows.inner[ifs[0].args["true"].name]
    parts = [part for n, key in enumerate(keys) for part in (text(f"key_{n}"), key.this)]
    struct = call("NAMED_STRUCT", *parts, text("value"), value)
    return exp.Dot(
        this=call("ARRAY_MIN", each("TRANSFORM", rows.array, rows.var, struct)),
        expression=exp.to_identifier("value"),
    )


def listed(select: exp.Select) -> exp.Expression:
    """Say what is in ARRAY(SELECT …): distinct values, or a record for each element."""
    if select.args.get("kind") == "STRUCT":
        select = select.copy()
        select.set("kind", None)
        rows = rows_of(select)
        fields = [p for e in select.expressions for p in (text(e.alias_or_name), e.unalias())]
        return rows.values(call("NAMED_STRUCT", *fields))
    if not select.args.get("distinct") or len(select.expressions) != 1:
        raise UnknownError(select.sql("bigquery"))
    return call("ARRAY_DISTINCT", rows_of(select).values(select.expressions[0].unalias()))


def java(pattern: str) -> str:
    """Write an RE2 pattern for Java: there `.` knows more line ends, `$` stands before the last."""
    if re.search(r"\(\?|\\[^dwsz.\\]|&&", pattern):
        raise UnknownError(f"pattern {pattern}")
    made, dots, place = "", False, 0
    in_class = False
    while place < len(pattern):
        char = pattern[place]
        if char == "\\":
            made, place = made + pattern[place : place + 2], place + 2
            continue
        in_class = char == "[" or (in_class and char != "]")
        dots |= char == "." and not in_class
        made += r"\z" if char == "$" and not in_class else char
        place += 1
    return ("(?d)" if dots else "") + made


def raw(node: exp.Expression) -> exp.Var:
    if not isinstance(node, exp.RawString | exp.Literal) or "'" in node.name:
        raise UnknownError(f"pattern {node.sql('bigquery')}")
    return exp.Var(this=f"r'{java(node.name)}'")


def extract(node: exp.RegexpExtract) -> exp.Expression:
    """Say REGEXP_EXTRACT: Spark gives an empty text, not NULL, where nothing matches."""
    pattern, group = raw(node.expression), node.args.get("group")
    has_group = re.compile(node.expression.name).groups
    found = call(
        "REGEXP_EXTRACT", node.this, pattern, group if has_group else exp.Literal.number(0)
    )
    if re.match(node.expression.name, ""):  # it always matches
        return found
    matches = exp.RegexpLike(this=node.this.copy(), expression=pattern.copy())
    return exp.Case(ifs=[exp.If(this=matches, true=found)])


def to_whole(node: exp.TryCast) -> exp.Expression:
    """Say SAFE_CAST(text AS INT64), which also reads 0x1F; a number is cast as it is."""
    value = node.this
    if isinstance(value, exp.Round | exp.Substring | exp.RegexpExtract | exp.Case | exp.Anonymous):
        return try_cast(value, "BIGINT")
    one = exp.Literal.number(1)
    sign = call("REGEXP_EXTRACT", value, exp.Var(this=r"r'^\s*([+-]?)0[xX]'"), one)
    digits = exp.Var(this=r"r'^\s*[+-]?0[xX]([0-9a-fA-F]{1,15})\s*\z'")
    bases = (exp.Literal.number(16), exp.Literal.number(10))
    number = call("CONCAT", sign, call("CONV", call("REGEXP_EXTRACT", value, digits, one), *bases))
    return exp.Coalesce(this=try_cast(value, "BIGINT"), expressions=[try_cast(number, "BIGINT")])


def to_day(node: exp.StrToDate) -> exp.Expression:
    """Say SAFE.PARSE_DATE; spaces before and a day of one digit are read, as in GoogleSQL."""
    value, form = node.this, node.args["format"].name
    if form == "%Y-%m-%d":
        return try_cast(value, "DATE")
    if form != "%Y%m%d":
        raise UnknownError(f"PARSE_DATE {form}")
    return sqlglot.parse_one(
        "TRY_CAST(CASE WHEN v RLIKE p THEN CONCAT(SUBSTR(LTRIM(v), 1, 4), '-', "
        "SUBSTR(LTRIM(v), 5, 2), '-', SUBSTR(LTRIM(v), 7)) END AS DATE)",
        read="spark",
    ).transform(
        lambda n: (
            value.copy()
            if n == exp.column("v")
            else exp.Var(this=rf"r'^{DIGITS}\z'")
            if n == exp.column("p")
            else n
        )
    )


def rewritten(node: exp.Expression) -> exp.Expression:
    """Say one node of the tree in Spark's words; its parts are already said."""
    match node:
        case exp.Parameter():
            return exp.Placeholder(this=node.name)
        case exp.Subquery(this=exp.Select() as select) if over_array(select):
            if isinstance(node.parent, exp.From):
                return node
            return fold(select)
        case exp.Array(expressions=[exp.Select() as select]):
            return exp.Coalesce(this=listed(select), expressions=[call("ARRAY")])
        case exp.Unnest() if isinstance(node.parent, exp.Join):
            told = node.copy()  # LATERAL VIEW names the table and its one column
            told.args["alias"].set(
                "this", exp.to_identifier(f"{node.args['alias'].columns[0].name}_rows")
            )
            return told
        case exp.SafeFunc(this=exp.StrToDate() as parsed):
            return to_day(parsed)
        case exp.RegexpExtract():
            return extract(node)
        case exp.RegexpLike() if not isinstance(node.expression, exp.Var):
            return exp.RegexpLike(this=node.this, expression=raw(node.expression))
        case exp.RegexpReplace():
            return call("REGEXP_REPLACE", node.this, raw(node.expression), node.args["replacement"])
        case exp.TryCast() if node.to.is_type("bigint"):
            return to_whole(node)
        case exp.In() if node.args.get("unnest"):
            (among,) = node.args["unnest"].expressions
            return call("ARRAY_CONTAINS", exp.cast(among, "ARRAY<STRING>"), node.this)
        case exp.ArraySize():
            return bigint(call("ARRAY_SIZE", node.this))
        case exp.ArrayConcatAgg():
            return call("FLATTEN", call("COLLECT_LIST", node.this))
        case exp.Date() if node.args.get("zone"):
            return exp.cast(call("FROM_UTC_TIMESTAMP", node.this, node.args["zone"]), "DATE")
        case exp.UnixToTime():
            return call("TIMESTAMP_MICROS", node.this)
        case exp.LowerHex(this=exp.SHA2() | exp.SHA2Digest() as hashed):  # Spark's is hexadecimal
            return call("SHA2", hashed.this, exp.Literal.number(256))
        case exp.LowerHex() | exp.Hex():
            raise UnknownError(node.sql("bigquery"))
        case exp.UnixDate():
            return call("UNIX_DATE", node.this)
        case exp.IsInf():
            return exp.EQ(
                this=call("ABS", node.this), expression=exp.cast(text("Infinity"), "DOUBLE")
            )
        case exp.IntDiv():
            return exp.IntDiv(this=exp.paren(node.this), expression=exp.paren(node.expression))
        case exp.Window(this=exp.RowNumber() | exp.DenseRank() | exp.Rank()):
            return node if isinstance(node.parent, exp.Cast) else bigint(node)
        case exp.Literal() if is_value(node):
            return whole(int(node.name))
    return node


def is_value(node: exp.Literal) -> bool:
    """Whether an integer is what a column or a branch is, so that its width shows."""
    if node.is_string or not node.name.isdigit():
        return False
    parent = node.parent
    if isinstance(parent, exp.If):
        return parent.args["true"] is node and not isinstance(parent.parent.parent, exp.Count)
    return isinstance(parent, exp.Alias | exp.Case | exp.Coalesce | exp.Select)


def spark_text(name: str) -> str | None:
    """Return the Spark text of a canonical file; None where Spark reads it as it stands."""
    canonical = (VISITS / f"{name}.sql").read_text(encoding="utf-8")
    header = re.match(r"(?:--.*\n)+", canonical)
    if header is None:
        raise UnknownError("it does not open with its grain")
    body, plain = printed(re.sub(r"^ *--hits: .*\n", "", canonical, flags=re.MULTILINE))
    if "--hits: " in canonical:
        body = with_hits(body, printed(canonical.replace("--hits: ", ""))[0])
    if body == re.sub(r"@(\w+)", r":\1", plain):
        return None
    return (
        f"{header[0]}-- Spark:  generated from {name}.sql by scripts/write_spark_sql.py.\n{body}\n"
    )


def printed(canonical: str) -> tuple[str, str]:
    """Return a text as Spark and as BigQuery have it, both by the same printer."""
    tree = sqlglot.parse_one(canonical, read="bigquery")
    said = say(tree.copy())
    style = {"pretty": True, "comments": False, "max_text_width": 88}
    return said.sql("spark", **style), tree.sql("bigquery", **style)


def with_hits(body: str, full: str) -> str:
    """Return the full text, its lines that are not in the other marked as `load` takes them."""
    rest, lines = body.splitlines(), []
    for line in full.splitlines():
        if rest and line == rest[0]:
            lines.append(rest.pop(0))
        else:
            lines.append(f"--hits: {line}")
    if rest:
        raise UnknownError("its lines --hits: change other lines")
    return "\n".join(lines)


def say(tree: exp.Expression) -> exp.Expression:
    """Rewrite a tree from its leaves up."""
    for node in reversed(list(tree.walk(bfs=True))):
        new = rewritten(node)
        if new is node:
            continue
        if node is tree:
            tree = new
        else:
            node.replace(new)
    return tree


def texts() -> dict[Path, str]:
    """Return every file to write and its content."""
    own = {"duckdb", "spark", "bigquery"}
    found = {}
    for path in sorted(VISITS.rglob("*.sql")):
        name = path.relative_to(VISITS).with_suffix("")
        if name.parts[0] in own or name.name == HAND_WRITTEN:
            continue
        try:
            content = spark_text(name.as_posix())
        except UnknownError as error:
            raise SystemExit(f"{name}.sql: {error}: no Spark text is known for it") from error
        if content is not None:
            found[TARGET / path.relative_to(VISITS)] = content
    return found


def main() -> None:
    wanted = texts()
    there = {p for p in TARGET.rglob("*.sql") if p.stem != HAND_WRITTEN}
    stale = [
        p
        for p, content in wanted.items()
        if p not in there or p.read_text(encoding="utf-8") != content
    ]
    stale += sorted(there - wanted.keys())
    if "--check" in sys.argv:
        sys.exit("\n".join(["not as generated:", *map(str, stale)]) if stale else 0)
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
        sys.stdout.write(f"{path.relative_to(VISITS.parent)}\n")


if __name__ == "__main__":
    main()
