"""Tables of results: for a terminal, and as Markdown.

A record is one line of the JSON-lines file (Bench.record). Ratios are those of
the rounds: round i of a method over round i of the case's base."""
import statistics

PERCENT = ("share of peak", "of the BLAS", "of the weights")


def number(value):
    """About four digits that matter."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if value >= 10 else 3 if value >= 0.1 else 4}f}"


def ratios(record, records):
    """The per-round ratios of a record to its case's base, or None."""
    base = next((r for r in records if r["base"] and r["case"] == record["case"]), None)
    if base is None or base is record:
        return None
    return [value / other for value, other in zip(record["values"], base["values"])]


def ratio_text(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})" if values else ""


def rows(records):
    """Header and rows of one subject."""
    derived = list(dict.fromkeys(name for r in records for name in r["derived"]))
    units = {r["unit"] for r in records}
    unit = f", {units.pop()}" if len(units) == 1 else ""
    with_ratio = any(r["base"] for r in records)
    header = ["case", "method", f"median{unit}", "least–most"]
    header += ["ratio (rounds)"] if with_ratio else []
    lines, before = [], None
    for r in records:
        own_unit = "" if unit else f" {r['unit']}"
        line = [r["case"] if r["case"] != before else "", r["method"], number(r["median"]) + own_unit,
                f"{number(r['least'])}–{number(r['most'])}"]
        if with_ratio:
            line.append("1" if r["base"] else ratio_text(ratios(r, records)))
        for name in derived:
            value = r["derived"].get(name)
            line.append("" if value is None else f"{100 * value:.0f} %" if name in PERCENT else number(value))
        lines.append(line)
        before = r["case"]
    return header + derived, lines


def plain(records):
    header, lines = rows(records)
    widths = [max(len(line[i]) for line in [header] + lines) for i in range(len(header))]
    def text(line):
        return "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w)
                         for i, (cell, w) in enumerate(zip(line, widths))).rstrip()
    return "\n".join([f"\n{records[0]['subject']}", text(header), *map(text, lines)])


def markdown(records):
    header, lines = rows(records)
    def text(line):
        return "| " + " | ".join(line) + " |"
    rule = "|" + "|".join("---" if i < 2 else "---:" for i in range(len(header))) + "|"
    return "\n".join([text(header), rule, *map(text, lines)])
