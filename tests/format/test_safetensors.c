/* The safetensors container: bit-exact round trips, and every kind of bad file. */
#define _POSIX_C_SOURCE 200809L
#include "format/safetensors.h"

#include "base/random.h"
#include "base/test_allocator.h"
#include "format/test_files_safetensors.h"
#include "test.h"

#define FILE_NAME "test_safetensors.safetensors"

/* ---- round trips ----------------------------------------------------------- */

static size_t draw(uint64_t *next, size_t bound)
{
    return (size_t)random_below(12, random_stream(RANDOM_TEST, 0), (*next)++, bound);
}

enum { TENSORS_MOST = 6, BYTES_MOST = 8 * 4 * 4 * 4 };

typedef struct sample {
    safetensors_tensor tensors[TENSORS_MOST];
    char names[TENSORS_MOST][40];
    uint8_t data[TENSORS_MOST][BYTES_MOST];
    size_t count;
} sample;

static void draw_sample(uint64_t *next, sample *s)
{
    static const char *const dtypes[] = {"F32", "I64", "U8", "BOOL", "F64", "F16", "BF16", "I8"};
    memset(s, 0, sizeof *s);
    s->count = draw(next, TENSORS_MOST + 1);
    for (size_t i = 0; i < s->count; i++) {
        safetensors_tensor *tensor = &s->tensors[i];
        snprintf(s->names[i], sizeof s->names[i], "%s%zu", i % 2 ? "a/\xc3\xa4\"\\\n" : "b", i);
        tensor->name = s->names[i];
        tensor->dtype = dtypes[draw(next, sizeof dtypes / sizeof *dtypes)];
        tensor->rank = draw(next, 4);
        tensor->bytes = safetensors_item_bytes(tensor->dtype);
        for (size_t r = 0; r < tensor->rank; r++)
            tensor->bytes *= (size_t)(tensor->shape[r] = draw(next, 5));
        for (size_t b = 0; b < tensor->bytes; b++)
            s->data[i][b] = (uint8_t)draw(next, 256);
        tensor->data = s->data[i];
    }
}

static const safetensors_tensor *find(const safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

static void test_round_trip(void **state)
{
    (void)state;
    const safetensors_pair pairs[] = {{"z", "\xe2\x82\xac \"\n"}, {"a", ""}};
    uint64_t next = 0; /* pairs come back by key */
    for (int round = 0; round < 100; round++) {
        sample s;
        safetensors file;
        size_t pair_count = draw(&next, 3), bytes, again;
        draw_sample(&next, &s);
        assert_int_equal(safetensors_write(FILE_NAME, NULL, s.tensors, s.count, pairs, pair_count,
                                           NULL), ESPALIER_OK);
        uint8_t *first = get_file(FILE_NAME, &bytes);
        assert_int_equal(first[0] % 8, 0);
        assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
        assert_int_equal(file.pair_count, pair_count);
        for (size_t i = 0; i < pair_count; i++) {
            assert_string_equal(file.pairs[i].key, pairs[pair_count - 1 - i].key);
            assert_string_equal(file.pairs[i].value, pairs[pair_count - 1 - i].value);
        }
        assert_int_equal(file.tensor_count, s.count);
        for (size_t i = 0; i < s.count; i++) {
            const safetensors_tensor *got = find(&file, s.names[i]), *put = &s.tensors[i];
            assert_non_null(got);
            assert_string_equal(got->dtype, put->dtype);
            assert_int_equal(got->rank, put->rank);
            assert_memory_equal(got->shape, put->shape, sizeof put->shape);
            assert_int_equal(got->bytes, put->bytes);
            assert_memory_equal(got->data, put->data, put->bytes);
            assert_int_equal((uintptr_t)got->data % safetensors_item_bytes(got->dtype), 0);
        }
        safetensors_clear(&file);
        assert_int_equal(safetensors_write(FILE_NAME, NULL, s.tensors, s.count, pairs, pair_count,
                                           NULL), ESPALIER_OK);
        uint8_t *second = get_file(FILE_NAME, &again);
        assert_int_equal(bytes, again);
        assert_memory_equal(first, second, bytes);
        free(first);
        free(second);
    }
}

/* The very bytes, so that a change of the writer cannot pass unseen. */
static void test_bytes(void **state)
{
    (void)state;
    const float values[2] = {1.0f, -2.0f};
    const uint8_t byte = 7;
    const int64_t integer = -1;
    const safetensors_tensor tensors[] = {
        {.name = "b", .dtype = "U8", .rank = 0, .bytes = 1, .data = &byte},
        {.name = "w", .dtype = "F32", .rank = 2, .shape = {1, 2}, .bytes = 8, .data = values},
        {.name = "i", .dtype = "I64", .rank = 1, .shape = {1}, .bytes = 8, .data = &integer},
    };
    const char header[] =
        "{\"__metadata__\":{\"k\":\"v\"},"
        "\"i\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[16,17]}}";
    size_t length = (sizeof header - 1 + 7) / 8 * 8, bytes;
    assert_int_equal(safetensors_write(FILE_NAME, NULL, tensors, 3,
                                       (safetensors_pair[]){{"k", "v"}}, 1, NULL), ESPALIER_OK);
    uint8_t *file = get_file(FILE_NAME, &bytes);
    assert_int_equal(bytes, 8 + length + 17);
    assert_memory_equal(file, ((uint8_t[]){(uint8_t)length, 0, 0, 0, 0, 0, 0, 0}), 8);
    assert_memory_equal(file + 8, header, sizeof header - 1);
    for (size_t i = sizeof header - 1; i < length; i++)
        assert_int_equal(file[8 + i], ' ');
    assert_memory_equal(file + 8 + length, &integer, 8);
    assert_memory_equal(file + 16 + length, values, 8);
    assert_int_equal(file[24 + length], 7);
    free(file);
}

/* ---- bad files --------------------------------------------------------------- */

static void refuse_file(espalier_status status, const char *fragment)
{
    safetensors file;
    espalier_error error = {0};
    assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, &error), status);
    assert_int_equal(error.status, status);
    if (!strstr(error.message, fragment) || !strstr(error.message, FILE_NAME ": ") ||
        strchr(error.message, '\n'))
        fail_msg("'%s' is not the message: '%s'", fragment, error.message);
}

static void refuse(const char *header, size_t data_bytes, const char *fragment)
{
    uint8_t data[64] = {0};
    put_safetensors(FILE_NAME, header, data, data_bytes);
    refuse_file(ESPALIER_ERROR_FORMAT, fragment);
}

#define ONE(dtype, shape, offsets) \
    "{\"t\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void test_bad_headers(void **state)
{
    (void)state;
    refuse("", 0, "header starts with byte 0x00; expected '{'");
    refuse(" {}", 0, "header starts with byte 0x20; expected '{'");
    refuse("{", 0, "not valid JSON");
    refuse("{}x", 0, "not valid JSON");
    refuse("{\"a\":\"\xff\"}", 0, "not valid JSON");
    refuse("{\"a\":\"\n\"}", 0, "not valid JSON");
    refuse("{\"t\":1,\"t\":2}", 0, "not valid JSON: duplicate object key");
    refuse("{\"t\":[1]}", 0, "tensor 't': expected a JSON object");
    refuse("{\"__metadata__\":[]}", 0, "__metadata__ is not a JSON object");
    refuse("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ 'k': expected a text");
    refuse("{\"a\\nb\":{}}", 0, "tensor 'a?b': dtype missing");
    refuse(ONE("F4", "[1]", "[0,4]"), 4, "tensor 't': dtype unknown: F4");
    refuse(ONE("F32", "1", "[0,4]"), 4, "shape: expected a list of at most 8 sizes");
    refuse(ONE("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "shape: expected a list of at most 8");
    refuse(ONE("F32", "[-1]", "[0,4]"), 4, "shape: expected whole numbers from 0 on");
    refuse(ONE("F32", "[1.0]", "[0,4]"), 4, "shape: expected whole numbers from 0 on");
    refuse(ONE("F32", "[9223372036854775808]", "[0,4]"), 4, "not valid JSON: too big integer");
    refuse(ONE("U8", "[9223372036854775807,3]", "[0,4]"), 4, "shape: its bytes do not fit");
    refuse(ONE("F32", "[4611686018427387905]", "[0,4]"), 4, "shape: its bytes do not fit");
    refuse(ONE("F32", "[2,3]", "[0,20]"), 20, "shape [2, 3] of F32 needs 24 bytes; data_offsets "
                                              "span 20");
    refuse(ONE("F32", "[1]", "[0]"), 4, "data_offsets: expected two whole numbers");
    refuse(ONE("F32", "[1]", "{}"), 4, "data_offsets: expected two whole numbers");
    refuse(ONE("F32", "[1]", "[-4,0]"), 4, "data_offsets: expected two whole numbers");
    refuse(ONE("F32", "[1]", "[4,0]"), 4, "data_offsets [4, 0]; expected begin <= end <= 4");
    refuse(ONE("F32", "[1]", "[4,8]"), 4, "data_offsets [4, 8]; expected begin <= end <= 4");
    refuse(ONE("F32", "[1]", "[4,8]"), 8, "no tensor holds byte 0 of 8 bytes of data");
    refuse(ONE("F32", "[1]", "[0,4]"), 8, "no tensor holds byte 4 of 8 bytes of data");
    refuse("{}", 3, "no tensor holds byte 0 of 3 bytes of data");
}

#define TWO(first, second)                                                  \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "},"   \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"

/* Lists of nothing, and numbers without end, are refused before they are parsed; tensors whose
 * entries are as short as can be, and as long, are read. */
static void test_crowded_headers(void **state)
{
    (void)state;
    enum { MANY = 40, MOST = 90 };
    static const char *const shapes[] = {"0", "0,0,0,0,0,0,0,0"};
    static char header[MANY * MOST];
    for (int i = 0; i < 2; i++) {
        size_t length = (size_t)sprintf(header, "{\"a\":[");
        for (int k = 0; k < MANY; k++)
            length += (size_t)sprintf(header + length, i ? "0," : "[],");
        sprintf(header + length, "0]}");
        refuse(header, 0, "header: expected entries of tensors, found more lists or values than");
    }
    for (int i = 0; i < 2; i++) {
        safetensors file;
        size_t length = (size_t)sprintf(header, "{\"__metadata__\":{\"[{[{\\\"\":\",,,,\"}");
        for (int k = 0; k < MANY; k++)
            length += (size_t)sprintf(header + length, ",\"%x\":{\"dtype\":\"U8\",\"shape\":[%s],"
                                                       "\"data_offsets\":[0,0]}", k, shapes[i]);
        sprintf(header + length, "}");
        put_safetensors(FILE_NAME, header, "", 0);
        assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
        assert_int_equal(file.tensor_count, MANY);
        safetensors_clear(&file);
    }
}

static void test_overlap(void **state)
{
    (void)state;
    refuse(TWO("[0,4]", "[0,4]"), 4, "tensor 'b' begins at byte 0 of the data, inside tensor 'a', "
                                     "which ends at 4");
    refuse(TWO("[2,6]", "[0,4]"), 6, "tensor 'a' begins at byte 2 of the data, inside tensor 'b'");
    refuse(TWO("[0,4]", "[5,9]"), 9, "no tensor holds byte 4 of 9 bytes of data");
}

static void test_bad_lengths(void **state)
{
    (void)state;
    const uint8_t huge[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{', '}'};
    const uint8_t larger[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    put_file(FILE_NAME, huge, sizeof huge);
    refuse_file(ESPALIER_ERROR_FORMAT, "header of 18446744073709551615 bytes; expected at most 8");
    put_file(FILE_NAME, larger, sizeof larger);
    refuse_file(ESPALIER_ERROR_FORMAT, "header of 3 bytes; expected at most 2");
    put_file(FILE_NAME, huge, 7);
    refuse_file(ESPALIER_ERROR_FORMAT, "7 bytes; expected a safetensors file");
    put_file(FILE_NAME, huge, 0);
    refuse_file(ESPALIER_ERROR_FORMAT, "0 bytes; expected a safetensors file");
    put_file(FILE_NAME, "\x1f\x8b\x08\0\0\0\0\0\0\3{}", 12);
#ifdef ESPALIER_HAVE_ZLIB
    refuse_file(ESPALIER_ERROR_FORMAT, "gzipped; expected a plain safetensors file");
#else
    refuse_file(ESPALIER_ERROR_UNSUPPORTED, "gzipped");
#endif
    unlink(FILE_NAME);
    refuse_file(ESPALIER_ERROR_NOT_FOUND, "");
}

/* A whole file is read; no part of it is. */
static void test_truncated(void **state)
{
    (void)state;
    uint64_t next = 1000;
    sample s;
    safetensors file;
    size_t bytes;
    do
        draw_sample(&next, &s);
    while (s.count < 3 || s.tensors[0].bytes + s.tensors[1].bytes == 0);
    assert_int_equal(safetensors_write(FILE_NAME, NULL, s.tensors, s.count, NULL, 0, NULL),
                     ESPALIER_OK);
    uint8_t *whole = get_file(FILE_NAME, &bytes);
    for (size_t kept = 0; kept < bytes; kept++) {
        put_file(FILE_NAME, whole, kept);
        espalier_error error = {0};
        assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, &error), ESPALIER_ERROR_FORMAT);
        assert_true(strncmp(error.message, FILE_NAME ": ", strlen(FILE_NAME) + 2) == 0);
    }
    put_file(FILE_NAME, whole, bytes);
    assert_int_equal(safetensors_read(FILE_NAME, NULL, &file, NULL), ESPALIER_OK);
    safetensors_clear(&file);
    free(whole);
}

static void test_no_memory(void **state)
{
    (void)state;
    uint8_t data[4] = {0};
    put_safetensors(FILE_NAME,
                    "{\"__metadata__\":{\"k\":\"v\"},\"t\":{\"dtype\":\"F32\",\"shape\":[1],"
                    "\"data_offsets\":[0,4]}}", data, 4);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        safetensors file;
        status = safetensors_read(FILE_NAME, &allocator, &file, NULL);
        assert_true(status == (m.requests < from ? ESPALIER_OK : ESPALIER_ERROR_MEMORY));
        if (status == ESPALIER_OK)
            safetensors_clear(&file);
        assert_int_equal(m.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bad_headers), cmocka_unit_test(test_crowded_headers),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_bad_lengths), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
