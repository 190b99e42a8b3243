/* ONNX models for tests, byte by byte: right ones, and wrong ones that no library would
 * write. Field numbers are those of onnx.proto. */
#ifndef FORMAT_TEST_FILES_ONNX_H
#define FORMAT_TEST_FILES_ONNX_H

#include "base/test_files.h"
#include "test.h"

enum { WIRE_MOST = 1 << 14, PARTS_MOST = 12 };

/* Bytes of a message under construction. */
typedef struct wire {
    size_t count;
    uint8_t bytes[WIRE_MOST];
} wire;

static inline void put_byte(wire *w, unsigned byte)
{
    assert_true(w->count < WIRE_MOST);
    w->bytes[w->count++] = (uint8_t)byte;
}

static inline void put_varint(wire *w, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        put_byte(w, (unsigned)(number & 0x7f) | 0x80);
    put_byte(w, (unsigned)number);
}

static inline void put_int(wire *w, unsigned field, int64_t number)
{
    put_varint(w, field << 3);
    put_varint(w, (uint64_t)number);
}

static inline void put_bytes(wire *w, unsigned field, const void *bytes, size_t count)
{
    put_varint(w, field << 3 | 2);
    put_varint(w, count);
    for (size_t i = 0; i < count; i++)
        put_byte(w, ((const uint8_t *)bytes)[i]);
}

static inline void put_text(wire *w, unsigned field, const char *text)
{
    put_bytes(w, field, text, strlen(text));
}

static inline void put_wire(wire *w, unsigned field, const wire *inner)
{
    put_bytes(w, field, inner->bytes, inner->count);
}

/* A number of 32 bits in a field of its own. */
static inline void put_float(wire *w, unsigned field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_varint(w, field << 3 | 5);
    for (int i = 0; i < 4; i++)
        put_byte(w, bits >> (8 * i) & 0xff);
}

/* ---- parts of a model ---------------------------------------------------------- */

typedef struct model_parts {
    wire nodes[PARTS_MOST], tensors[PARTS_MOST];
    size_t node_count, tensor_count;
    int64_t opset, width; /* of the input; -1 = open */
    const char *output;
    const wire *input;    /* NULL: x [rows, width] */
    wire more;            /* further fields of the graph */
} model_parts;

/* inputs and outputs as "a b c"; attributes: further fields of the node, or NULL. */
static inline wire *add_node(model_parts *m, const char *op, const char *inputs, const char *outputs,
                             const wire *attributes)
{
    wire *n = &m->nodes[m->node_count++];
    char text[256], *next;
    assert_true(m->node_count <= PARTS_MOST);
    for (unsigned field = 1; field <= 2; field++) {
        snprintf(text, sizeof text, "%s", field == 1 ? inputs : outputs);
        for (char *name = strtok_r(text, " ", &next); name; name = strtok_r(NULL, " ", &next))
            put_text(n, field, strcmp(name, "-") ? name : "");
    }
    put_text(n, 4, op);
    if (attributes) {
        memcpy(n->bytes + n->count, attributes->bytes, attributes->count);
        n->count += attributes->count;
    }
    return n;
}

static inline void put_attribute_int(wire *node, const char *name, int64_t value)
{
    wire a = {0};
    put_text(&a, 1, name);
    put_int(&a, 3, value);
    put_int(&a, 20, 2);
    put_wire(node, 5, &a);
}

static inline void put_attribute_float(wire *node, const char *name, float value)
{
    wire a = {0};
    put_text(&a, 1, name);
    put_float(&a, 2, value);
    put_int(&a, 20, 1);
    put_wire(node, 5, &a);
}

/* A tensor without data. */
static inline wire tensor_head(const char *name, int type, size_t rank, const int64_t *dims)
{
    wire t = {0};
    for (size_t i = 0; i < rank; i++)
        put_int(&t, 1, dims[i]);
    put_int(&t, 2, type);
    put_text(&t, 8, name);
    return t;
}

/* float32 values i / 4 - 1 in raw_data. */
static inline wire tensor_floats(const char *name, size_t rank, const int64_t *dims)
{
    wire t = tensor_head(name, 1, rank, dims);
    float values[256];
    size_t count = 1;
    for (size_t i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    assert_true(count <= 256);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)i / 4 - 1;
    put_bytes(&t, 9, values, count * sizeof *values);
    return t;
}

static inline void add_tensor(model_parts *m, const wire *tensor)
{
    m->tensors[m->tensor_count++] = *tensor;
    assert_true(m->tensor_count <= PARTS_MOST);
}

static inline void add_floats(model_parts *m, const char *name, size_t rank, const int64_t *dims)
{
    const wire t = tensor_floats(name, rank, dims);
    add_tensor(m, &t);
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

/* x [rows, 2] → Gemm w1 b1 → Relu → Gemm w2 b2 → y [rows, 2], three hidden neurons. */
static inline void small_model(model_parts *m)
{
    memset(m, 0, sizeof *m);
    m->opset = 13;
    m->width = 2;
    m->output = "y";
    add_node(m, "Gemm", "x w1 b1", "a", NULL);
    add_node(m, "Relu", "a", "h", NULL);
    add_node(m, "Gemm", "h w2 b2", "y", NULL);
    add_floats(m, "w1", 2, DIMS(2, 3));
    add_floats(m, "b1", 1, DIMS(3));
    add_floats(m, "w2", 2, DIMS(3, 2));
    add_floats(m, "b2", 1, DIMS(2));
}

static inline wire value_info(const char *name, size_t rank, const int64_t *dims)
{
    wire shape = {0}, tensor = {0}, type = {0}, v = {0};
    for (size_t i = 0; i < rank; i++) {
        wire dim = {0};
        if (dims[i] >= 0)
            put_int(&dim, 1, dims[i]);
        put_wire(&shape, 1, &dim);
    }
    put_int(&tensor, 1, 1);
    put_wire(&tensor, 2, &shape);
    put_wire(&type, 1, &tensor);
    put_text(&v, 1, name);
    put_wire(&v, 2, &type);
    return v;
}

static inline wire graph_of(const model_parts *m)
{
    wire g = {0};
    const wire input = value_info("x", 2, DIMS(-1, m->width));
    for (size_t i = 0; i < m->node_count; i++)
        put_wire(&g, 1, &m->nodes[i]);
    put_text(&g, 2, "g");
    for (size_t i = 0; i < m->tensor_count; i++)
        put_wire(&g, 5, &m->tensors[i]);
    put_wire(&g, 11, m->input ? m->input : &input);
    if (m->output) {
        wire output = {0};
        put_text(&output, 1, m->output);
        put_wire(&g, 12, &output);
    }
    memcpy(g.bytes + g.count, m->more.bytes, m->more.count);
    g.count += m->more.count;
    return g;
}

static inline wire model_of(const model_parts *m)
{
    wire model = {0}, opset = {0};
    const wire graph = graph_of(m);
    put_int(&model, 1, 7);
    put_wire(&model, 7, &graph);
    put_text(&opset, 1, "");
    put_int(&opset, 2, m->opset);
    if (m->opset)
        put_wire(&model, 8, &opset);
    return model;
}

static inline void put_model(const char *path, const model_parts *m)
{
    const wire model = model_of(m);
    put_file(path, model.bytes, model.count);
}

#endif
