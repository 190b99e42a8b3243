"""Bad safetensors files, and JSON within them."""
import json
import struct

F4 = 4


def tensors(*shapes, dtype="F32", item=F4):
    """A header for layers of these shapes, and how many bytes they take."""
    header, at = {}, 0
    for index, (outputs, inputs) in enumerate(shapes):
        for name, shape in (("weight", [outputs, inputs]), ("bias", [outputs])):
            count = item
            for size in shape:
                count *= size
            header[f"layers.{index}.{name}"] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + count]}
            at += count
    return header, at


HEADER, BYTES = tensors((3, 4), (2, 3))
DATA = b"".join(struct.pack("<f", (i % 9 - 4) / 8) for i in range(BYTES // F4))


def model(header, data=DATA, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


GOOD = model(HEADER)


def changed(name="layers.0.weight", **parts):
    header = json.loads(json.dumps(HEADER))
    header[name].update(parts)
    return model(header)


def with_metadata(**pairs):
    return model(dict({"__metadata__": pairs}, **HEADER))


def files():
    for length in (0, 1, 7, len(GOOD), 10**8, 10**8 + 1, 2**31, 2**32, 2**63, 2**64 - 1, 2**64 - 8):
        yield f"a header of {length} bytes", model(HEADER, length=length)
    for begin, end in ((48, 0), (0, 0), (0, 47), (0, 49), (1, 49), (4, 52), (0, 2**63), (2**64 - 48, 2**64),
                       (2**63, 2**63 + 48), (-48, 0), (0.0, 48.0), ("0", "48"), (None, None), (BYTES, BYTES + 48)):
        yield f"offsets {begin}, {end}", changed(data_offsets=[begin, end])
    for offsets in ([], [0], [0, 24, 48], {}, "0-48", None):
        yield f"offsets {offsets}", changed(data_offsets=offsets)
    for shape in ([], [12], [3, 4, 1], [4, 3], [3, 0], [0, 4], [-3, -4], [2**32, 2**32], [2**63, 2], [2**64, 1],
                  [1] * 9 + [12], [1] * 10000, [3.0, 4.0], ["3", "4"], None, {}, [[3, 4]], [2**62 + 3, 4]):
        yield f"shape {str(shape)[:40]}", changed(shape=shape)
    for dtype in ("F16", "F64", "F128", "", "f32", "F32\0", "BOOL", "I4", "U8", None, 32, ["F32"], "F" * 100000):
        yield f"type {str(dtype)[:20]}", changed(dtype=dtype)
    overlap = json.loads(json.dumps(HEADER))
    overlap["layers.1.weight"]["data_offsets"] = [0, 24]
    yield "overlapping tensors", model(overlap)
    yield "two tensors at one place", model({"a": HEADER["layers.0.weight"], "b": HEADER["layers.0.weight"]}, DATA[:48])
    yield "a gap between tensors", model(dict(HEADER, **{"layers.1.bias": dict(
        HEADER["layers.1.bias"], data_offsets=[BYTES, BYTES + 8])}), DATA + bytes(8))
    yield "a byte more", GOOD + b"\0"
    yield "no tensors", model({}, b"")
    yield "a list", model([1, 2])
    yield "a text", model(b'"layers"')
    yield "no JSON", model(b"{layers: 1}")
    yield "JSON without end", model(json.dumps(HEADER).encode()[:-1])
    yield "a key twice", model(b'{"layers.0.weight": 1, ' + json.dumps(HEADER).encode()[1:])
    yield "zero bytes in a name", model(json.dumps(HEADER).replace("layers.0.bias", "layers.0.b\\u0000s").encode())
    yield "zeros for padding", model(json.dumps(HEADER).encode() + bytes(8))
    yield "invalid UTF-8", model(json.dumps(HEADER).encode().replace(b"bias", b"b\xff\xfe\x80"))
    yield "half a surrogate", model(json.dumps(HEADER).replace("bias", "\\ud800").encode())
    yield "deep nesting", model(b'{"a":' * 20000 + b"1" + b"}" * 20000)
    yield "deep lists", model(b'{"a":' + b"[" * 200000 + b"]" * 200000 + b"}")
    yield "numbers without end", model(b'{"a": ' + b"9" * 100000 + b"}")
    yield "a real without end", model(b'{"a": 1e' + b"9" * 1000 + b"}")
    yield "50,000 empty tensors", model({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
                                         for i in range(50000)}, b"")
    yield "a name of 1 MB", model(json.dumps(HEADER).replace("layers.1.bias", "n" * 1000000).encode())
    yield "terminal codes in a name", model(json.dumps(HEADER).replace("layers.1.bias", "\\u001b[2J").encode())
    yield "numbers that are none", model(HEADER, struct.pack("<f", float("nan")) * (BYTES // F4))
    yield "infinite numbers", model(HEADER, struct.pack("<f", float("inf")) * (BYTES // F4))
    yield "layers that do not chain", model(*chain((3, 4), (2, 5)))
    yield "a layer that is missing", model(json.dumps(HEADER).replace("layers.1", "layers.7").encode())
    yield "layer 2^64", model(json.dumps(HEADER).replace("layers.1", "layers.18446744073709551617").encode())
    yield "metadata that is a list", model(dict({"__metadata__": []}, **HEADER))
    yield "metadata that is a number", model(dict({"__metadata__": {"espalier": 1}}, **HEADER))
    yield from (("in the metadata: " + name, data) for name, data in metadata())


def chain(*shapes):
    header, count = tensors(*shapes)
    return header, bytes(count)


def metadata():
    deep = "[" * 5000 + "]" * 5000
    for version in ("0", "4", "99", "-1", "1.5", "", "one", "18446744073709551617"):
        yield f"version {version}", with_metadata(espalier=version)
    for key, values in {
            "activation": ("tanhh", "", "[", '["tanh", "tanh"]', '{"leaky-relu": "x"}', '[{"leaky-relu": 1e999}]', deep),
            "linear": ("[9]", "[-1]", "[0, 0]", "{}", "0", "[0.5]", "[18446744073709551616]", deep),
            "original_widths": ("[4, 3]", "[4, -3, 2]", "[1, 1, 1]", "[4, 3, 99999999999999999999]", "[]", "x", deep),
            "inputs_counted": ("-1", "x", "1e9", "99999999999999999999"),
            "classes": ("[1, 2]", '["a"]', '["a", "b", "c"]', '["a", "a"]', "{}", '["\\u0000", "b"]', deep),
            "input_scaling": ("{}", '{"shift": 0}', '{"shift": "0", "scale": 1}', '{"shift": [1], "scale": [1]}',
                              '{"shift": 0, "scale": 1e999}', '{"shift": NaN, "scale": 1}', '[0, 1]', deep),
            "columns": ("{}", '{"version": 9}', '{"version": 1, "record": 99999999999, "columns": []}', "[]", deep),
            "training": ("[", "{}", '{"seed": "x"}', deep), "history": ("{}", "[1]", '[{"neurons": [[9, 9]]}]', deep),
            "low_rank": ("x", '{"ranks": [1e99]}', deep), "nonzero_inputs": ("-5", "101", "x"),
    }.items():
        for value in values:
            yield f"{key} {value[:30]}", with_metadata(espalier="3" if key in ("activation", "linear") else "1",
                                                       **{key: value})
