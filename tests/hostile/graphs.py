"""Bad ONNX models, put together byte by byte (protobuf's fields are few)."""
import os
import struct

FLOAT, INT32, TEXT, INT64 = 1, 6, 8, 7


def number(value):
    """Seven bits a byte, lowest first; negative ones as protobuf has them."""
    value &= 2**64 - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def num(tag, value):
    return number(tag << 3) + number(value)


def raw(tag, data):
    data = data.encode() if isinstance(data, str) else data
    return number(tag << 3 | 2) + number(len(data)) + data


def attribute(name, kind, *parts):
    return raw(5, raw(1, name) + b"".join(parts) + num(20, kind))


def node(op, inputs, outputs, *attributes, domain=""):
    return raw(1, b"".join(raw(1, i) for i in inputs.split()) + b"".join(raw(2, o) for o in outputs.split())
               + raw(4, op) + b"".join(attributes) + (raw(7, domain) if domain else b""))


def tensor(name, dims, values=None, kind=FLOAT, data=None, more=b""):
    if data is None and values is not None:
        data = struct.pack(f"<{len(values)}{'q' if kind == INT64 else 'f'}", *values)
    return (b"".join(num(1, d) for d in dims) + num(2, kind) + raw(8, name) + (raw(9, data) if data is not None else b"")
            + more)


def value(name, *dims, kind=FLOAT):
    shape = b"".join(raw(1, num(1, d) if isinstance(d, int) else raw(2, d)) for d in dims)
    return raw(1, name) + raw(2, raw(1, num(1, kind) + raw(2, shape)))


W1 = tensor("w1", (4, 3), [(i % 5 - 2) / 4 for i in range(12)])
B1 = tensor("b1", (3,), [0.5, -0.5, 0.25])
W2 = tensor("w2", (3, 2), [(i % 3 - 1) / 2 for i in range(6)])
B2 = tensor("b2", (2,), [0.125, 0.5])
NODES = [node("MatMul", "x w1", "m1"), node("Add", "m1 b1", "a1"), node("Relu", "a1", "h"),
         node("MatMul", "h w2", "m2"), node("Add", "m2 b2", "y")]


def model(nodes=NODES, tensors=(W1, B1, W2, B2), inputs=(value("x", "n", 4),), outputs=(value("y", "n", 2),), opset=13,
          graph=b"", more=b""):
    body = (b"".join(nodes) + raw(2, "net") + b"".join(raw(5, t) for t in tensors) + b"".join(raw(11, i) for i in inputs)
            + b"".join(raw(12, o) for o in outputs) + graph)
    return num(1, 8) + raw(7, body) + (raw(8, raw(1, "") + num(2, opset)) if opset is not None else b"") + more


GOOD = model()


def instead(*replaced):
    """The tensors, those of the same place replaced."""
    return [r or t for r, t in zip(replaced + (None,) * 4, (W1, B1, W2, B2))]


def beside(location, *pairs, link=None):
    """w1's data in another file, which lies in the folder `elsewhere` if it must be reached by a link."""
    entries = [("location", location), *pairs] if location is not None else pairs
    more = b"".join(raw(13, raw(1, k) + raw(2, v)) for k, v in entries) + num(14, 1)

    def make(path):
        away = path.parent / "elsewhere"
        away.mkdir(exist_ok=True)
        (away / "secret").write_bytes(bytes(48))
        (path.parent / "plain").write_bytes(bytes(48))
        if link == "fifo":
            os.mkfifo(path.with_name("w.data"))
        elif link:
            os.symlink(link, path.with_name("w.data"))
        path.write_bytes(model(tensors=instead(tensor("w1", (4, 3), more=more))))
    return make


def nested(depth):
    """A graph in an attribute of a node of a graph, and so on."""
    inner = b""
    for _ in range(depth):
        inner = node("If", "x", "y", raw(5, raw(1, "g") + raw(6, inner) + num(20, 5)))
    return inner


def models():
    yield "a cycle of two nodes", model([node("Add", "q b1", "p"), node("Relu", "p", "q"), node("MatMul", "q w2", "y")])
    yield "a node that feeds itself", model([node("Add", "y b2", "y")])
    yield "a cycle beside the way", model(NODES + [node("Relu", "u", "v"), node("Relu", "v", "u")])
    yield "a cycle through the output", model([node("Add", "m2 y", "h"), node("MatMul", "h w2", "m2"),
                                               node("Add", "m2 b2", "y")])
    yield "a cycle of 20,000 nodes", model([node("Relu", f"t{i}", f"t{(i + 1) % 20000}") for i in range(20000)]
                                           + [node("MatMul", "t0 w2", "y")])
    yield "a chain of 20,000 nodes, last first", model([node("Relu", f"t{i}", f"t{i + 1}")
                                                        for i in reversed(range(20000))], outputs=[value("t20000", "n", 4)])
    yield "one value made twice", model(NODES + [node("Relu", "x", "a1")])
    yield "the input made by a node", model(NODES + [node("Relu", "h", "x")])
    yield "a weight made by a node", model(NODES + [node("Relu", "h", "w1")])
    yield "the same weight twice", model(tensors=(W1, B1, W2, B2, W1))
    yield "a weight that is missing", model(tensors=(W1, B1, B2))
    yield "an output that nobody makes", model(outputs=[value("z", "n", 2)])
    yield "no output", model(outputs=[])
    yield "no input", model(inputs=[])
    yield "two inputs", model(inputs=[value("x", "n", 4), value("q", "n", 4)])
    yield "no nodes", model([])
    yield "no tensors", model(tensors=[])
    yield "no graph", num(1, 8) + raw(8, num(2, 13))
    yield "two graphs", GOOD + raw(7, b"".join(NODES))
    yield "graph within graph, 50 deep", model(NODES + [nested(30)])
    yield "graph within graph, 5,000 deep", model(NODES + [nested(5000)])
    yield "groups without end", GOOD + b"\x0b" * 10000
    yield "an end of a group", GOOD + b"\x0c"
    yield "wire type 7", GOOD + b"\x0f"
    yield "field 0", GOOD + b"\0\0"
    yield "field 2^29", GOOD + number(1 << 32) + b"\0"
    yield "a number without end", GOOD + b"\x08" + b"\xff" * 30
    yield "a length beyond the file", GOOD + b"\x3a" + number(2**31)
    yield "a length of 2^64 - 1", GOOD + b"\x3a" + number(2**64 - 1)
    for opset in (None, 0, -1, 1, 999, 2**62):
        yield f"opset {opset}", model(opset=opset)
    for dims in ((), (12,), (-4, 3), (4, -3), (0, 3), (4, 0), (2**32, 2**32), (2**62, 4), (2**63 - 1, 2**63 - 1), (3, 4),
                 (5, 3), (1,) * 64, (4, 3, 1), (2**64 // 12 + 1, 12)):
        yield f"dimensions {str(dims)[:40]}", model(tensors=instead(tensor("w1", dims, [0.5] * 12)))
    for kind in (0, 2, 3, 7, 8, 10, 11, 14, 16, 17, 99, -1, 2**31):
        yield f"type {kind}", model(tensors=instead(tensor("w1", (4, 3), [0.5] * 12, FLOAT if kind < 0 else kind,
                                                           bytes(48))))
    yield "data too short", model(tensors=instead(tensor("w1", (4, 3), data=bytes(47))))
    yield "data too long", model(tensors=instead(tensor("w1", (4, 3), data=bytes(49))))
    yield "no data", model(tensors=instead(tensor("w1", (4, 3))))
    yield "data twice", model(tensors=instead(tensor("w1", (4, 3), [0.5] * 12, more=raw(4, struct.pack("<12f", *[1] * 12)))))
    yield "float data too few", model(tensors=instead(tensor("w1", (4, 3), more=raw(4, bytes(44)))))
    yield "float data of half a number", model(tensors=instead(tensor("w1", (4, 3), more=raw(4, bytes(46)))))
    yield "numbers that are none", model(tensors=instead(tensor("w1", (4, 3), [float("nan")] * 12)))
    yield "infinite numbers", model(tensors=instead(tensor("w1", (4, 3), [float("inf")] * 12)))
    yield "names that are no UTF-8", model(NODES[:4] + [node("Add", "m2 b2", "y") + raw(1, raw(3, b"\xff\xfe"))])
    yield "terminal codes in an operator", model(NODES[:2] + [node("\x1b[2JRelu\n", "a1", "h")] + NODES[3:])
    yield "an operator of 1 MB", model(NODES[:2] + [node("R" * 1000000, "a1", "h")] + NODES[3:])
    yield "an operator without a name", model(NODES[:2] + [node("", "a1", "h")] + NODES[3:])
    yield "another domain", model(NODES[:2] + [node("Relu", "a1", "h", domain="evil")] + NODES[3:])
    for op in ("Loop", "Scan", "If", "Conv", "LSTM", "Einsum", "NonZero", "Resize"):
        yield f"operator {op}", model(NODES[:2] + [node(op, "a1", "h")] + NODES[3:])
    for op in ("MatMul", "Add", "Gemm", "Relu", "Reshape", "Transpose", "Flatten", "Clip", "Slice", "Concat", "Gather"):
        yield f"{op} without inputs", model(NODES[:2] + [node(op, "", "h")] + NODES[3:])
        yield f"{op} with 3,000 inputs", model(NODES[:2] + [node(op, " ".join(["a1"] * 3000), "h")] + NODES[3:])
    for size in (2**40, 2**62, -1):
        yield f"ConstantOfShape [{size}]", model(NODES[1:] + [node("ConstantOfShape", "s", "m1")], instead() + [
            tensor("s", (1,), [size], INT64)])
        yield f"Reshape to [{size}]", model([node("Reshape", "x s", "r"), node("MatMul", "r w1", "m1")] + NODES[1:],
                                            instead() + [tensor("s", (2,), [1, size], INT64)])
        yield f"Expand to [{size}]", model([node("Expand", "w1 s", "e"), node("MatMul", "x e", "m1")] + NODES[1:],
                                           instead() + [tensor("s", (2,), [size, size], INT64)])
        yield f"Gemm, transposed, axis {size}", model([node("Flatten", "x", "f", attribute("axis", 2, num(3, size))),
                                                       node("MatMul", "f w1", "m1")] + NODES[1:])
    for perm in ((0, 0), (1,), (5, 6), (-1, 0), tuple(range(3000))):
        yield f"Transpose by {str(perm)[:30]}", model([node("Transpose", "w1", "t", attribute(
            "perm", 7, *(num(8, p) for p in perm))), node("MatMul", "x t", "m1")] + NODES[1:])
    yield "300,000 empty tensors", model(tensors=instead() + [b""] * 300000)
    yield "300,000 empty nodes", model(NODES + [raw(1, b"")] * 300000)
    yield "300,000 metadata", model(more=raw(14, b"") * 300000)
    yield "sparse tensors", model(graph=raw(15, raw(1, W1)))
    yield "an input of 2^62 columns", model(inputs=[value("x", "n", 2**62)])
    yield "an input of no columns", model(inputs=[value("x", "n", 0)])
    yield "an input of integers", model(inputs=[value("x", "n", 4, kind=INT64)])
    yield "an input of 1,000 dimensions", model(inputs=[value("x", *([1] * 1000))])
    yield "layers that do not chain", model(tensors=instead(None, None, tensor("w2", (5, 2), [0.5] * 10)))
    for location in ("../secret", "elsewhere/../../secret", "/etc/hostname", "elsewhere/secret/", "..", ".", "", "a\0b",
                     "not-there", "/dev/zero", "./../elsewhere/secret", "~/secret", "elsewhere//..//../x", "n" * 5000):
        yield f"data in {location[:30]!r}", beside(location)
    for link in ("elsewhere/secret", "/etc/hostname", "/dev/zero", "..", "w.data", "fifo"):
        yield f"data behind a link to {link}", beside("w.data", link=link)
    for key, number_ in (("offset", "48"), ("offset", "-1"), ("offset", "1"), ("offset", "x"), ("length", "49"),
                         ("offset", "18446744073709551600"), ("length", "18446744073709551615"), ("length", "0"),
                         ("length", "-1")):
        yield f"data beside: {key} {number_}", beside("plain", (key, number_))
    yield "data beside, nowhere", beside(None)
    yield "data beside, in two places", beside("plain", ("location", "elsewhere/secret"))


def leads_out(kind):
    """Whether a kind's data would come from outside of the model's folder, or from no file."""
    return kind.startswith(("data in", "data behind")) and any(w in kind for w in ("..", "/etc", "/dev", "fifo"))
