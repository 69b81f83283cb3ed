"""Words that an engine keeps for its own syntax: no column of a user's can bear them."""

RESERVED = frozenset(
    """
    all analyse analyze and anti any array as asc asof assert_rows_modified asymmetric at
    between both by case cast check collate column constraint contains create cross cube
    current current_date current_time current_timestamp current_user default deferrable
    define desc describe distinct do else end enum escape except exclude exists extract
    false fetch filter following for foreign from full glob grant group grouping groups hash
    having if ignore ilike in initially inner intersect interval into is isnull join lambda
    lateral leading left like limit localtime localtimestamp lookup map merge minus natural
    new no not notnull null nulls of offset on only or order outer over overlaps partition
    pivot placing positional preceding primary proto qualify range recursive references
    respect returning right rollup row rows select semi set show similar some struct
    summarize symmetric table tablesample then to trailing treat true try_cast unbounded
    union unique unnest unpivot user using values variadic verbose when where window with
    within
    """.split()  # noqa: SIM905
)
