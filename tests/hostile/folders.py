"""Bad JSON in the folders of runs and studies."""
import json
import os

DEEP = "[" * 5000 + "]" * 5000

# Texts that are no JSON, or not the object that is expected.
TEXTS = {
    "a list": "[]", "a number": "1", "a text": '"x"', "null": "null", "nothing but spaces": " " * 100000,
    "a brace": "{", "no quotes": "{a: 1}", "a comma too many": '{"a": 1,}', "text behind": "{} x", "two objects": "{}{}",
    "invalid UTF-8": '{"a": "\udcff\udcfe"}', "half a surrogate": '{"a": "\\ud800"}', "a zero byte": '{"a": "\\u0000"}',
    "deep lists": '{"a": ' + DEEP + "}", "200,000 deep": "[" * 200000, "deep objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "a number without end": '{"a": ' + "9" * 100000 + "}", "a real beyond doubles": '{"a": 1e999}', "NaN": '{"a": NaN}',
    "a key twice": '{"version": 1, "version": 2}', "an empty object": "{}", "terminal codes": '{"a": "\x1b[2J"}',
    "a byte order mark": "\ufeff{}", "comments": "/* */ {}", "a text of 1 MB": '{"a": "' + "x" * 1000000 + '"}',
}


def encoded(text):
    return text.encode("utf-8", "surrogateescape")


# What any value of a good file is replaced by.
VALUES = (None, True, -1, 0, 1e300, -1e300, 2**62, 0.5, "", "x", "<script>alert(1)</script>", "../../../x", "`id`",
          "'\n!touch hurt\n'", [], [None] * 3, [[]], {}, {"a": []}, "\u202e\x07", "x" * 100000, [0] * 20000)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index in range(min(2, len(value))):
            yield from places(value[index], path + (index,))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


def without(value, path):
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(copy[path[0]], path[1:])
    return copy


def values_of(data):
    """Good JSON lines in which one value has gone, or is another; the n-th place with the n-th other value."""
    lines = data.decode().splitlines()
    whole = len(lines) > 1 and lines[0].strip() == "{"
    texts = ["\n".join(lines)] if whole else lines
    kind = 0
    for index in sorted({0, len(texts) // 2, len(texts) - 1}):
        value = json.loads(texts[index])
        for path in places(value):
            if not path:
                continue
            name = f"line {index + 1}: {'.'.join(map(str, path))}"
            for what, new in ((f"is {str(VALUES[kind % len(VALUES)])[:20]!r}",
                               replaced(value, path, VALUES[kind % len(VALUES)])),
                              ("is missing", without(value, path))):
                other = texts[:index] + [json.dumps(new)] + texts[index + 1:]
                yield f"{name} {what}", encoded("\n".join(other) + "\n")
            kind += 1


def texts():
    for name, text in TEXTS.items():
        yield name, encoded(text)


# What a report writes, laid out by a stranger so that it would land elsewhere.
WRITTEN = ("report.html", "plots", "plots/style.gp", "plots/accuracy.csv", "plots/training.csv", "summary.md", "runs.csv",
           "summary.csv", "summary.tex", "plots/counts.csv")


def links():
    """The good file, and a link or a pipe in the place of something that is written."""
    for name in WRITTEN:
        yield f"{name} is a link out", beside(name, lambda path: os.symlink("../" * (1 + name_depth(path)) + "precious", path))
        yield f"{name} is a pipe", beside(name, os.mkfifo)


def name_depth(path):
    return 1 if path.parent.name == "plots" else 0


def beside(name, make):
    def put(path, good):
        path.write_bytes(good)
        folder = path.parent.parent if path.parent.name == "runs" else path.parent
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        make(folder / name)
    put.needs_good = True
    return put
