/* The ONNX container: values in all forms, and files that are wrong in every way. */
#define _POSIX_C_SOURCE 200809L
#include "format/onnx_read.h"

#include "base/test_allocator.h"
#include "format/test_files_onnx.h"

#include <sys/stat.h>

#define FILE_NAME "test_onnx_read.onnx"
#define FOLDER "test_onnx_read_folder"

#ifdef ESPALIER_HAVE_ONNX

/* Files here are of some hundred bytes: no reason to take more than this. */
enum { BYTES_MOST = 4 << 20 };

/* Reads the file; nothing may be left, or be taken beyond measure. */
static espalier_status read_file(const char *path, espalier_error *error)
{
    meter m = {0};
    const espalier_allocator allocator = meter_allocator(&m);
    onnx_file file;
    espalier_status status = onnx_read(path, &allocator, &file, error);
    if (status == ESPALIER_OK)
        onnx_clear(&file);
    assert_int_equal(m.live, 0);
    assert_true(m.bytes < BYTES_MOST);
    return status;
}

static void refuse(espalier_status status, const char *path, const char *fragment)
{
    espalier_error error = {0};
    espalier_status found = read_file(path, &error);
    if (found != status || !strstr(error.message, fragment) || strchr(error.message, '\n'))
        fail_msg("expected %d '%s', found %d '%s'", status, fragment, found, error.message);
}

static void refuse_model(const model_parts *m, const char *fragment)
{
    put_model(FILE_NAME, m);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, fragment);
}

static void refuse_wire(const wire *w, const char *fragment)
{
    put_file(FILE_NAME, w->bytes, w->count);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, fragment);
}

/* The small model with another first tensor. */
static void refuse_tensor(const wire *tensor, const char *fragment)
{
    model_parts m;
    small_model(&m);
    m.tensors[0] = *tensor;
    refuse_model(&m, fragment);
}

/* ---- right files -------------------------------------------------------------------- */

static void test_small_model(void **state)
{
    (void)state;
    model_parts m;
    onnx_file file;
    small_model(&m);
    put_attribute_float(&m.nodes[0], "alpha", 0.5f);
    put_attribute_int(&m.nodes[0], "transB", 1);
    put_model(FILE_NAME, &m);
    assert_int_equal(onnx_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(file.node_count, 3);
    assert_int_equal(file.tensor_count, 4);
    assert_int_equal(file.opset, 13);
    assert_int_equal(file.input_count, 1);
    assert_string_equal(file.inputs[0].name, "x");
    assert_int_equal(file.inputs[0].rank, 2);
    assert_int_equal(file.inputs[0].dims[0], -1);
    assert_int_equal(file.inputs[0].dims[1], 2);
    assert_string_equal(file.outputs[0].name, "y");
    assert_false(file.outputs[0].shaped);
    assert_string_equal(file.nodes[0].op, "Gemm");
    assert_int_equal(file.nodes[0].input_count, 3);
    assert_string_equal(file.nodes[0].inputs[2], "b1");
    assert_float_equal(onnx_find(&file.nodes[0], "alpha", ONNX_ATTRIBUTE_FLOAT)->number, 0.5, 0);
    assert_int_equal(onnx_find(&file.nodes[0], "transB", ONNX_ATTRIBUTE_INT)->integer, 1);
    assert_null(onnx_find(&file.nodes[0], "transB", ONNX_ATTRIBUTE_FLOAT));
    assert_int_equal(file.tensors[0].count, 6);
    assert_float_equal(onnx_number(&file.tensors[0], 5), 0.25, 0);
    onnx_clear(&file);
}

/* A tensor of each type, its values -1 (or 1), 2, as raw data and in their own field. */
static void test_types(void **state)
{
    (void)state;
    static const struct {
        int type;
        uint8_t raw[16];
        size_t raw_bytes;
        unsigned field;
        uint64_t values[2];
        double expected[2];
    } types[] = {
        {ONNX_UINT8, {1, 2}, 2, 5, {1, 2}, {1, 2}},
        {ONNX_INT8, {0xff, 2}, 2, 5, {(uint64_t)-1, 2}, {-1, 2}},
        {ONNX_UINT16, {1, 0, 2, 1}, 4, 5, {1, 258}, {1, 258}},
        {ONNX_INT16, {0xff, 0xff, 2, 0}, 4, 5, {(uint64_t)-1, 2}, {-1, 2}},
        {ONNX_INT32, {0xff, 0xff, 0xff, 0xff, 2}, 8, 5, {(uint64_t)-1, 2}, {-1, 2}},
        {ONNX_INT64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}, 16, 7,
         {(uint64_t)-1, 2}, {-1, 2}},
        {ONNX_UINT32, {0xff, 0xff, 0xff, 0xff, 2}, 8, 11, {UINT32_MAX, 2}, {UINT32_MAX, 2}},
        {ONNX_UINT64, {1, 0, 0, 0, 0, 0, 0, 0, 2}, 16, 11, {1, 2}, {1, 2}},
        {ONNX_BOOL, {1, 0}, 2, 5, {1, 0}, {1, 0}},
        {ONNX_FLOAT16, {0, 0xbc, 0, 0x40}, 4, 5, {0xbc00, 0x4000}, {-1, 2}},
        {ONNX_BFLOAT16, {0x80, 0xbf, 0, 0x40}, 4, 5, {0xbf80, 0x4000}, {-1, 2}},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int raw = 0; raw < 2; raw++) {
            wire t = tensor_head("w1", types[i].type, 1, DIMS(2)), packed = {0};
            model_parts m;
            onnx_file file;
            put_varint(&packed, types[i].values[0]);
            put_varint(&packed, types[i].values[1]);
            if (raw)
                put_bytes(&t, 9, types[i].raw, types[i].raw_bytes);
            else
                put_wire(&t, types[i].field, &packed);
            small_model(&m);
            m.tensors[0] = t;
            put_model(FILE_NAME, &m);
            assert_int_equal(onnx_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
            for (size_t v = 0; v < 2; v++) {
                assert_float_equal(onnx_number(&file.tensors[0], v), types[i].expected[v], 0);
                if (onnx_is_integer(&file.tensors[0]))
                    assert_int_equal(onnx_integer(&file.tensors[0], v),
                                     (int64_t)types[i].expected[v]);
            }
            onnx_clear(&file);
        }
}

/* Types without meaning here stand in the way only where they are needed. */
static void test_other_types(void **state)
{
    (void)state;
    static const int others[] = {0, ONNX_COMPLEX64, ONNX_COMPLEX128, 17, 22, 99, -5};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        model_parts m;
        onnx_file file;
        small_model(&m);
        m.tensors[0] = tensor_head("w1", others[i], 1, DIMS(2));
        put_model(FILE_NAME, &m);
        assert_int_equal(onnx_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
        assert_false(onnx_is_numeric(&file.tensors[0]));
        assert_non_null(onnx_type_name(file.tensors[0].type));
        onnx_clear(&file);
    }
}

/* ---- tensors that do not hold what they say --------------------------------------------- */

static void test_sizes(void **state)
{
    (void)state;
    const float values[8] = {0};
    const int64_t ranks[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    wire t = tensor_head("w1", 1, 2, DIMS(2, 3));
    refuse_tensor(&t, "tensor 'w1': FLOAT of shape [2, 3] has 0 values; expected 6");
    put_bytes(&t, 9, values, 23);
    refuse_tensor(&t, "has 23 bytes; expected 24");
    t = tensor_head("w1", 1, 2, DIMS(2, -3));
    refuse_tensor(&t, "a negative dimension");
    t = tensor_head("w1", 1, 2, DIMS(INT64_MAX, INT64_MAX));
    refuse_tensor(&t, "does not fit 64 bits");
    t = tensor_head("w1", 1, 2, DIMS(INT64_C(1) << 32, INT64_C(1) << 32));
    put_bytes(&t, 9, values, 4);
    refuse_tensor(&t, "does not fit 64 bits");
    t = tensor_head("w1", 1, 2, DIMS(INT64_C(1) << 31, INT64_C(1) << 31)); /* times 4 wraps to 0 */
    put_bytes(&t, 9, values, 4);
    refuse_tensor(&t, "do not fit 64 bits");
    t = tensor_head("w1", 1, 1, DIMS(INT64_C(1) << 40));
    put_bytes(&t, 9, values, 32);
    refuse_tensor(&t, "has 32 bytes; expected 4398046511104");
    t = tensor_head("w1", 1, 9, ranks);
    refuse_tensor(&t, "more than 8 dimensions");
    t = tensor_head("w1", ONNX_INT64, 1, DIMS(3));
    put_int(&t, 7, 1);
    refuse_tensor(&t, "INT64 of shape [3] has 1 values; expected 3");
    t = tensor_head("w1", ONNX_DOUBLE, 1, DIMS(1));
    put_float(&t, 4, 1);
    refuse_tensor(&t, "DOUBLE of shape [1] has 0 values; expected 1");
}

static void test_two_places(void **state)
{
    (void)state;
    const float values[8] = {0};
    wire t = tensor_floats("w1", 1, DIMS(1)), segment = {0};
    put_float(&t, 4, 1);
    refuse_tensor(&t, "values in two places");
    t = tensor_floats("w1", 1, DIMS(2));
    put_int(&segment, 1, 0);
    put_int(&segment, 2, 2);
    put_wire(&t, 3, &segment);
    refuse_tensor(&t, "in segments");
    t = tensor_head("w1", ONNX_STRING, 1, DIMS(2));
    put_text(&t, 6, "a");
    refuse_tensor(&t, "STRING of shape [2] has 1 values; expected 2");
    t = tensor_head("w1", ONNX_STRING, 1, DIMS(2));
    put_bytes(&t, 9, values, 8);
    refuse_tensor(&t, "STRING outside of string_data");
}

/* ---- data beside the model ------------------------------------------------------------------ */

static wire external(const char *location, const char *offset, const char *length)
{
    wire t = tensor_head("w1", 1, 1, DIMS(4));
    const char *const pairs[3][2] = {{"location", location}, {"offset", offset}, {"length", length}};
    for (size_t i = 0; i < 3; i++) {
        wire pair = {0};
        put_text(&pair, 1, pairs[i][0]);
        put_text(&pair, 2, pairs[i][1] ? pairs[i][1] : "");
        if (pairs[i][1])
            put_wire(&t, 13, &pair);
    }
    put_int(&t, 14, 1);
    return t;
}

static void put_external(const char *location, const char *offset, const char *length)
{
    model_parts m;
    small_model(&m);
    m.tensors[0] = external(location, offset, length);
    put_model(FOLDER "/model.onnx", &m);
}

static void refuse_external(espalier_status status, const char *location, const char *offset,
                            const char *length, const char *fragment)
{
    put_external(location, offset, length);
    refuse(status, FOLDER "/model.onnx", fragment);
}

static void test_external(void **state)
{
    (void)state;
    const float values[6] = {9, 9, 1, 2, 3, 4};
    const char *const outside = "expected a file in the model's own folder";
    onnx_file file;
    remove_folder(FOLDER "/in");
    remove_folder(FOLDER);
    assert_int_equal(mkdir(FOLDER, 0777), 0);
    assert_int_equal(mkdir(FOLDER "/in", 0777), 0);
    put_file(FOLDER "/data", values, sizeof values);
    put_file(FOLDER "/in/data", values, sizeof values);
    put_file("test_onnx_read_outside", values, sizeof values);
    assert_int_equal(symlink("data", FOLDER "/inside"), 0);
    assert_int_equal(symlink("../test_onnx_read_outside", FOLDER "/outside"), 0);
    assert_int_equal(symlink("..", FOLDER "/up"), 0);
    assert_int_equal(mkfifo(FOLDER "/pipe", 0666), 0);
    const char *const good[] = {"data", "./data", "in/data", "inside", "in/./data"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        put_external(good[i], "8", i % 2 ? "16" : NULL);
        assert_int_equal(onnx_read(FOLDER "/model.onnx", NULL, &file, NULL), ESPALIER_OK);
        assert_float_equal(onnx_number(&file.tensors[0], 0), 1, 0);
        assert_float_equal(onnx_number(&file.tensors[0], 3), 4, 0);
        onnx_clear(&file);
    }
    refuse_external(ESPALIER_ERROR_FORMAT, "../test_onnx_read_outside", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "in/../data", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "/etc/passwd", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "..", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "in\\data", NULL, NULL, outside);
    refuse_external(ESPALIER_ERROR_FORMAT, "outside", NULL, NULL, "a link that leads out");
    refuse_external(ESPALIER_ERROR_FORMAT, "up/test_onnx_read_outside", NULL, NULL,
                    "a link that leads out");
    refuse_external(ESPALIER_ERROR_FORMAT, "up", NULL, NULL, "a link that leads out");
    refuse_external(ESPALIER_ERROR_FORMAT, "in", NULL, NULL, "expected a file");
    refuse_external(ESPALIER_ERROR_FORMAT, "pipe", NULL, NULL, "expected a file");
    refuse_external(ESPALIER_ERROR_NOT_FOUND, "missing", NULL, NULL, "No such file");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "12", NULL, "found a length of 16 in a file of 24");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "999999999999999999", NULL, "of 24 bytes");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "0", "8", "found a length of 8");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "-8", NULL, "an offset that is no number");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "0", "1e3", "a length that is no number");
    refuse_external(ESPALIER_ERROR_FORMAT, "data", "18446744073709551615", NULL, "an offset that is");
    remove("test_onnx_read_outside");
    remove_folder(FOLDER "/in");
    remove_folder(FOLDER);
}

/* ---- messages that are none --------------------------------------------------------------------- */

static void test_wire(void **state)
{
    (void)state;
    model_parts m;
    small_model(&m);
    const wire graph = graph_of(&m), model = model_of(&m);
    wire w = {0};
    refuse_wire(&w, "expected an ONNX model with a graph, found none");
    put_int(&w, 1, 7);
    refuse_wire(&w, "expected an ONNX model with a graph");
    w = model;
    put_wire(&w, 7, &graph);
    refuse_wire(&w, "a message that is there already");
    w = model;
    put_byte(&w, 0x0b); /* the start of a group */
    refuse_wire(&w, "a wire type that ONNX does not have");
    w = model;
    put_byte(&w, 0x02);
    refuse_wire(&w, "no number of a field");
    w = model;
    put_varint(&w, 14 << 3 | 2);
    put_varint(&w, UINT64_MAX);
    refuse_wire(&w, "a field that goes beyond its message");
    w = model;
    for (int i = 0; i < 11; i++)
        put_byte(&w, 0xff);
    refuse_wire(&w, "no number of a field");
    w = model;
    put_byte(&w, 0x09);
    refuse_wire(&w, "a number that goes beyond the end");
    w = model;
    put_int(&w, 7, 3); /* a graph that is a number */
    refuse_wire(&w, "no ONNX model, or a damaged one");
}

/* Graphs in attributes in graphs …, without end. */
static void test_nesting(void **state)
{
    (void)state;
    static wire inner, outer;
    inner.count = 0;
    for (int depth = 0; depth < 120; depth++) {
        wire attribute = {0};
        put_wire(&attribute, 6, &inner);
        outer.count = 0;
        wire node = {0};
        put_wire(&node, 5, &attribute);
        put_wire(&outer, 1, &node);
        inner = outer;
    }
    model_parts m;
    small_model(&m);
    memcpy(m.more.bytes, inner.bytes, inner.count);
    m.more.count = inner.count;
    refuse_model(&m, "messages within more than 64 others");
}

/* Empty messages take two bytes in the file and a hundred in memory. */
static void test_bloat(void **state)
{
    (void)state;
    static uint8_t bytes[3 * 40000 + 16];
    size_t count = 40000, used = 0;
    bytes[used++] = 7 << 3 | 2;
    for (size_t length = 2 * count; length; length >>= 7)
        bytes[used++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    for (size_t i = 0; i < count; i++) {
        bytes[used++] = 1 << 3 | 2; /* a node */
        bytes[used++] = 0;
    }
    put_file(FILE_NAME, bytes, used);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, "asks for more than 16 times the memory");
}

static void test_other_files(void **state)
{
    (void)state;
    put_file(FILE_NAME, "\x1f\x8b\x08", 3);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, "gzip");
    put_file(FILE_NAME, "# a text\n", 9);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, "no ONNX model");
    remove(FILE_NAME);
    refuse(ESPALIER_ERROR_NOT_FOUND, FILE_NAME, FILE_NAME);
    assert_int_equal(mkdir(FILE_NAME, 0777), 0);
    refuse(ESPALIER_ERROR_FORMAT, FILE_NAME, "folder");
    rmdir(FILE_NAME);
}

static void test_truncations(void **state)
{
    (void)state;
    model_parts m;
    small_model(&m);
    const wire model = model_of(&m);
    for (size_t count = 0; count < model.count; count++) {
        espalier_error error = {0};
        put_file(FILE_NAME, model.bytes, count);
        if (read_file(FILE_NAME, &error) == ESPALIER_OK)
            continue; /* the end of a field, behind the graph */
        assert_int_equal(error.status, ESPALIER_ERROR_FORMAT);
        assert_non_null(strstr(error.message, FILE_NAME ": "));
    }
}

static void test_bit_flips(void **state)
{
    (void)state;
    model_parts m;
    small_model(&m);
    wire model = model_of(&m);
    for (size_t bit = 0; bit < 8 * model.count; bit++) {
        espalier_error error = {0};
        model.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put_file(FILE_NAME, model.bytes, model.count);
        const espalier_status status = read_file(FILE_NAME, &error);
        assert_int_equal(status, error.status);
        model.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Each allocation refused in turn: an error, and nothing left. */
static void test_no_memory(void **state)
{
    (void)state;
    model_parts parts;
    small_model(&parts);
    put_model(FILE_NAME, &parts);
    for (size_t refused = 1;; refused++) {
        meter m = {.refuse_from = refused};
        const espalier_allocator allocator = meter_allocator(&m);
        onnx_file file;
        espalier_error error = {0};
        espalier_status status = onnx_read(FILE_NAME, &allocator, &file, &error);
        if (status == ESPALIER_OK)
            onnx_clear(&file);
        assert_int_equal(m.live, 0);
        if (m.requests < refused) {
            assert_int_equal(status, ESPALIER_OK);
            break;
        }
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, ESPALIER_ERROR_MEMORY);
    }
    remove(FILE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_model), cmocka_unit_test(test_types),
        cmocka_unit_test(test_other_types), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_two_places),  cmocka_unit_test(test_external),
        cmocka_unit_test(test_wire),        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_bloat),       cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_truncations), cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_unsupported(void **state)
{
    (void)state;
    onnx_file file;
    assert_false(onnx_is_supported());
    assert_int_equal(onnx_read(FILE_NAME, NULL, &file, NULL), ESPALIER_ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unsupported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
