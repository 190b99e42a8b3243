/* .npy: headers of every version, and what is said about bad files; no allocation that
 * a file does not justify. What numpy writes is test_npy_numpy.c. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>

#include "base/memory.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "espalier/npy.h"
#include "format/make_npy.h"
#include "format/npy.h"
#include "test.h"

#define DICTIONARY(descr, order, shape) \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static char folder[] = "npy-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file.npy", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* Expects npy_open to fail with words in a message that names the file. */
static void refuse_made(const made_file *made, espalier_status status, const char *part)
{
    npy_file file = {.count = 77};
    espalier_error error = {0};
    put_file(path, made->bytes, made->count);
    assert_int_equal(npy_open(path, NULL, &file, &error), status);
    assert_int_equal(file.count, 77);
    if (!strstr(error.message, part) || strncmp(error.message, path, strlen(path)) != 0)
        fail_msg("expected '%s' in: %s", part, error.message);
}

/* A header with four bytes of values behind it. */
static void refuse_header(const char *dictionary, espalier_status status, const char *part)
{
    made_file made = {.count = 0};
    put_npy(&made, 1, dictionary, "abcd", 4);
    refuse_made(&made, status, part);
}

static void refuse_bytes(const void *bytes, size_t count, const char *part)
{
    made_file made = {.count = 0};
    put(&made, bytes, count);
    refuse_made(&made, ESPALIER_ERROR_FORMAT, part);
}

/* ---- good ones ------------------------------------------------------------------ */

/* Bytes 0, 1, 2 … as an array; its shape as text. */
static void accept(int version, const char *dictionary, size_t values, const char *shape)
{
    made_file made = {.count = 0};
    npy_file file;
    espalier_error error = {0};
    char text[NPY_SHAPE_BYTES];
    uint8_t bytes[64], found[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    put_npy(&made, version, dictionary, bytes, values);
    put_file(path, made.bytes, made.count);
    if (npy_open(path, NULL, &file, &error))
        fail_msg("%s", error.message);
    assert_string_equal(npy_shape_text(&file, text), shape);
    assert_int_equal(file.count, values);
    assert_int_equal(npy_read_bytes(&file, found, NULL), ESPALIER_OK);
    assert_memory_equal(found, bytes, values);
    npy_close(&file);
    npy_close(&file);
}

static void test_headers(void **state)
{
    (void)state;
    accept(1, DICTIONARY("|u1", "False", "(2, 3)"), 6, "uint8 [2, 3]");
    accept(2, DICTIONARY("|u1", "False", "(2, 3)"), 6, "uint8 [2, 3]");
    accept(3, DICTIONARY("|u1", "False", "(2, 3)"), 6, "uint8 [2, 3]");
    accept(1, DICTIONARY("|u1", "False", "(4,)"), 4, "uint8 [4]");
    accept(1, DICTIONARY("|u1", "False", "()"), 1, "uint8 []");
    accept(1, DICTIONARY("|u1", "False", "(0, 3)"), 0, "uint8 [0, 3]");
    accept(1, DICTIONARY("|u1", "False", "(2L, 3L)"), 6, "uint8 [2, 3]");
    accept(1, DICTIONARY("u1", "True", "(5,)"), 5, "uint8 [5]");
    accept(1, "{\"shape\":(2,2,),\"fortran_order\":False,\"descr\":\"<u1\"}", 4, "uint8 [2, 2]");
    accept(1, "  {'shape' : ( 1 , 3 ) , 'descr':\t'=u1', 'fortran_order': False} \n\n", 3,
           "uint8 [1, 3]");
    accept(1, DICTIONARY("|u1", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "
                                         "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2)"), 2,
           "uint8 [1, 1, 1, 1, 1, 1, 1, 1, ...]");
}

#ifdef ESPALIER_HAVE_ZLIB
static void test_gzipped(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    size_t packed;
    uint8_t found[3];
    npy_file file;
    put_npy(&made, 1, DICTIONARY("|u1", "False", "(3,)"), "abc", 3);
    uint8_t *gzip = gzipped(made.bytes, made.count, &packed);
    put_file(path, gzip, packed);
    free(gzip);
    assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(npy_read_bytes(&file, found, NULL), ESPALIER_OK);
    assert_memory_equal(found, "abc", 3);
    npy_close(&file);
    made.count = 0;
    put_npy(&made, 1, DICTIONARY("|u1", "False", "(999999999,)"), "abc", 3);
    gzip = gzipped(made.bytes, made.count, &packed);
    made.count = 0;
    put(&made, gzip, packed);
    free(gzip);
    refuse_made(&made, ESPALIER_ERROR_FORMAT,
                "the header promises uint8 [999999999], found at most");
}
#endif

/* A header is always of one length, and what it says is read back. */
static void test_written_headers(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{0, 10}, {1, 1}, {3, 2}};
    char header[ESPALIER_NPY_HEADER_BYTES];
    for (size_t i = 0; i < 3; i++) {
        const float values[6] = {1.5f, -2, 3, NAN, INFINITY, 0};
        float found[6];
        made_file made = {.count = 0};
        npy_file file;
        espalier_npy_header(sizes[i][0], sizes[i][1], header);
        put(&made, header, sizeof header);
        put(&made, values, sizes[i][0] * sizes[i][1] * sizeof *values);
        put_file(path, made.bytes, made.count);
        assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
        assert_int_equal(file.rank, 2);
        assert_int_equal(file.shape[0], sizes[i][0]);
        assert_int_equal(file.shape[1], sizes[i][1]);
        assert_int_equal(npy_read_floats(&file, found, NULL), ESPALIER_OK);
        assert_memory_equal(found, values, file.count * sizeof *values);
        npy_close(&file);
    }
    espalier_npy_header(SIZE_MAX, SIZE_MAX, header);
    assert_int_equal(header[ESPALIER_NPY_HEADER_BYTES - 1], '\n');
    assert_null(memchr(header + 10, '\0', sizeof header - 10));
}

/* ---- bad ones ------------------------------------------------------------------- */

static void test_bad_beginnings(void **state)
{
    (void)state;
    refuse_bytes("", 0, "empty: expected a .npy file");
    refuse_bytes("\x93NUM", 4, "truncated: expected 8 bytes and a header, found 4 bytes");
    refuse_bytes("1,2\n", 4, "not a .npy file");
    refuse_bytes("\x89PNG\r\n\x1a\n", 8, "expected it to begin with \\x93NUMPY, found bytes 89 50");
    refuse_bytes("\x93NUMPY\0\0", 8, "expected 1.0, 2.0 or 3.0, found 0.0");
    refuse_bytes("\x93NUMPY\4\0", 8, "expected 1.0, 2.0 or 3.0, found 4.0");
    refuse_bytes("\x93NUMPY\1\1", 8, "found 1.1");
    refuse_bytes("\x93NUMPY\1\0\x10", 9, "truncated: expected 2 bytes more, found 1");
    refuse_bytes("\x93NUMPY\1\0\x10\0", 10, "expected at most 10 bytes of it, found a length of 16");
    refuse_bytes("\x93NUMPY\2\0\xff\xff\xff\xff", 12, "found a length of 4294967295");
    refuse_bytes("\x93NUMPY\1\0\0\0", 10, "expected an opening brace, found its end");
}

static void test_bad_dictionaries(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    refuse_header("", format, "at character 0: expected an opening brace");
    refuse_header("[]", format, "expected an opening brace, found []");
    refuse_header("{}", format, "expected the key 'descr', found none");
    refuse_header("{'descr': '<f4'", format, "expected a comma or the closing brace");
    refuse_header("{'descr': '<f4'}", format, "expected the key 'fortran_order'");
    refuse_header("{'descr': '<f4', 'fortran_order': False}", format, "the key 'shape'");
    refuse_header("{'descr': '<f4' 'shape': (1,)}", format, "a comma or the closing brace");
    refuse_header("{'descr' '<f4'}", format, "expected a colon");
    refuse_header("{\xff\x80\xc2\x9b \xc3\xa4}", format, "a key in quotes, found ???? \xc3\xa4}");
    refuse_header("{descr: '<f4'}", format, "expected a key in quotes, found descr");
    refuse_header("{'descr: 4}", format, "expected a key in quotes");
    refuse_header("{'des\\x63r': '<f4'}", format, "expected a key in quotes");
    refuse_header("{'dtype': '<f4'}", format, "each of 'descr', 'fortran_order' and 'shape' once");
    refuse_header("{'descr': '<f4', 'descr': '<f4'}", format, "and 'shape' once, found 'descr'");
    refuse_header(DICTIONARY("<f4", "False", "(1,)") "import os", format,
                  "expected nothing but spaces after the dictionary, found import os");
    refuse_header("{'descr': __import__('os'), }", format, "expected a type in quotes");
    refuse_header("{'descr': 4, }", format, "expected a type in quotes, found 4, }");
}

static void test_bad_shapes(void **state)
{
    (void)state;
    const espalier_status format = ESPALIER_ERROR_FORMAT;
    refuse_header(DICTIONARY("<f4", "false", "(1,)"), format, "expected True or False");
    refuse_header(DICTIONARY("<f4", "0", "(1,)"), format, "expected True or False");
    refuse_header(DICTIONARY("<f4", "False", "1"), format, "expected a tuple of dimensions");
    refuse_header(DICTIONARY("<f4", "False", "[1]"), format, "expected a tuple of dimensions");
    refuse_header(DICTIONARY("<f4", "False", "(1)"), format, "expected a comma, found )");
    refuse_header(DICTIONARY("<f4", "False", "(1 1)"), format, "expected a comma");
    refuse_header(DICTIONARY("<f4", "False", "(,)"), format, "expected a dimension, found ,)");
    refuse_header(DICTIONARY("<f4", "False", "(1,,)"), format, "expected a dimension");
    refuse_header(DICTIONARY("<f4", "False", "(-1,)"), format, "expected a dimension, found -1");
    refuse_header(DICTIONARY("<f4", "False", "(+1,)"), format, "expected a dimension");
    refuse_header(DICTIONARY("<f4", "False", "(1.0,)"), format, "expected a comma");
    refuse_header(DICTIONARY("<f4", "False", "(0x1,)"), format, "expected a comma");
    refuse_header(DICTIONARY("<f4", "False", "(01,)"), format, "expected a dimension");
    refuse_header(DICTIONARY("<f4", "False", "(1e3,)"), format, "expected a comma");
    refuse_header(DICTIONARY("<f4", "False", "(99999999999999999999,)"), format,
                  "expected a dimension within the address space");
    refuse_header(DICTIONARY("<f4", "False", "(4294967296, 4294967296)"), format,
                  "dimensions 1 to 2 multiply to more than the address space");
    refuse_header(DICTIONARY("<f4", "False", "(4611686018427387904,)"), format, "truncated");
    refuse_header(DICTIONARY("<f4", "False", "(18446744073709551615,)"), format, "truncated");
    refuse_header(DICTIONARY("<f4", "False", "(2,)"), format,
                  "truncated: the header promises float32 [2], found 72 bytes");
    refuse_header(DICTIONARY("|u1", "False", "(3,)"), format,
                  "expected the end of uint8 [3] after 71 bytes, found 1 bytes more");
    refuse_header(DICTIONARY("|u1", "False", "(0,)"), format, "found 4 bytes more");
    refuse_header(DICTIONARY("|u1", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                                             "1,1,1,1,1,1,1,4)"), format,
                  "expected at most 32 dimensions");
    refuse_header("{'descr': '<f4', 'shape': (1,", format, "expected a dimension, found its end");
}

static void test_types_that_are_not_read(void **state)
{
    (void)state;
    const espalier_status unsupported = ESPALIER_ERROR_UNSUPPORTED;
    refuse_header(DICTIONARY("|O", "False", "(1,)"), unsupported, "type '|O' cannot be read: it "
                                                                  "holds Python objects");
    refuse_header(DICTIONARY("|O8", "False", "(1,)"), unsupported, "pickles");
    refuse_header(DICTIONARY("<c8", "False", "(1,)"), unsupported, "complex numbers");
    refuse_header(DICTIONARY("<c16", "False", "(1,)"), unsupported, "type '<c16'");
    refuse_header(DICTIONARY("<f16", "False", "(1,)"), unsupported, "long double");
    refuse_header(DICTIONARY("<f12", "False", "(1,)"), unsupported, "save it as float64");
    refuse_header(DICTIONARY("<M8[ns]", "False", "(1,)"), unsupported, "dates or durations");
    refuse_header(DICTIONARY("<m8[s]", "False", "(1,)"), unsupported, "dates or durations");
    refuse_header(DICTIONARY("|V4", "False", "(1,)"), unsupported, "raw bytes");
    refuse_header("{'descr': [('a', '<i2'), ('b', '<i2')], 'fortran_order': False, 'shape': (1,)}",
                  unsupported, "records of several fields");
}

static void test_types_that_there_are_not(void **state)
{
    (void)state;
    static const char *const types[] = {"", "<", "f", "<f", "<f3", "<f0", "<i3", "<i16", "|b2",
                                        "|i4", "|f8", "<x4", "<f4 ", " <f4", "<<f4", "<f-4",
                                        "<f4[2]", "<U", "<U0", "|S0", "<U9999999999", "|U1",
                                        "!f4", "<F4", "float32", "(2,)f4", "<i4,<i4"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char dictionary[200];
        snprintf(dictionary, sizeof dictionary,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", types[i]);
        refuse_header(dictionary, ESPALIER_ERROR_FORMAT, "unknown type in the .npy header");
    }
}

static void test_wrong_kinds(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    espalier_error numbers = {0}, texts = {0}, whole = {0}, huge = {0};
    npy_file file;
    char text[2 * 5];
    int64_t found[2];
    put_npy(&made, 1, DICTIONARY("<U1", "False", "(2,)"), "a\0\0\0b\0\0\0", 8);
    put_file(path, made.bytes, made.count);
    assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(npy_read_floats(&file, NULL, &numbers), ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(numbers.message, "expected numbers, found text [2]"));
    npy_close(&file);
    made.count = 0;
    put_npy(&made, 1, DICTIONARY("<f4", "False", "(2,)"), "\0\0\0\0\0\0\xc0\x3f", 8);
    put_file(path, made.bytes, made.count);
    assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(npy_read_texts(&file, text, &texts), ESPALIER_ERROR_UNSUPPORTED);
    assert_int_equal(npy_read_integers(&file, found, &whole), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(whole.message, "row 1 (counted from 0): expected a whole number, found "
                                          "1.5"));
    npy_close(&file);
    made.count = 0;
    put_npy(&made, 1, DICTIONARY("<u8", "False", "(1,)"), "\0\0\0\0\0\0\0\x80", 8);
    put_file(path, made.bytes, made.count);
    assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(npy_read_integers(&file, found, &huge), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(huge.message, "row 0"));
    npy_close(&file);
}

static void refuse_text(const char *type, const void *bytes, size_t count)
{
    made_file made = {.count = 0};
    char dictionary[200], text[64];
    npy_file file;
    espalier_error error = {0};
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", type);
    put_npy(&made, 1, dictionary, bytes, count);
    put_file(path, made.bytes, made.count);
    assert_int_equal(npy_open(path, NULL, &file, NULL), ESPALIER_OK);
    assert_int_equal(npy_read_texts(&file, text, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "row 0 (counted from 0): expected a text in"));
    npy_close(&file);
}

static void test_bad_texts(void **state)
{
    (void)state;
    refuse_text("<U1", "\0\0\x11\0", 4);                /* beyond the last code point */
    refuse_text("<U1", "\0\xd8\0\0", 4);                /* a surrogate */
    refuse_text("<U1", "\xff\xff\xff\xff", 4);
    refuse_text("<U1", "\n\0\0\0", 4);
    refuse_text("<U1", "\x85\0\0\0", 4);
    refuse_text("<U2", "\0\0\0\0a\0\0\0", 8);            /* a zero inside */
    refuse_text("|S2", "\0a", 2);
    refuse_text("|S2", "\xc3\xa9", 2);
    refuse_text("|S1", "\x1b", 1);
}

/* ---- every truncation and every flip ------------------------------------------------ */

enum { ROOM_MOST = 1 << 18 };

/* Opens and reads whatever is there; memory stays within what the file justifies:
 * the reader's buffer and a few times the file. Values go where they fit. */
static espalier_status try_made(const made_file *made)
{
    meter m = {0};
    espalier_allocator allocator = meter_allocator(&m);
    npy_file file;
    espalier_error error = {0};
    put_file(path, made->bytes, made->count);
    espalier_status status = npy_open(path, &allocator, &file, &error);
    if (!status) {
        assert_true(file.count <= made->count);
        float *values = memory_array(&allocator, file.count, sizeof *values);
        char *texts = memory_array(&allocator, file.count, file.value_bytes + 1);
        assert_true(values && texts);
        status = file.kind == NPY_TEXT || file.kind == NPY_LATIN
                     ? npy_read_texts(&file, texts, &error)
                     : npy_read_floats(&file, values, &error);
        memory_release(&allocator, values);
        memory_release(&allocator, texts);
        npy_close(&file);
    }
    assert_true(status == ESPALIER_OK || error.message[0]);
    assert_int_equal(m.live, 0);
    assert_true(m.bytes < ROOM_MOST);
    return status;
}

static void try_all(const made_file *whole)
{
    made_file made = *whole;
    assert_int_equal(try_made(whole), ESPALIER_OK);
    for (made.count = 0; made.count < whole->count; made.count++)
        assert_int_equal(try_made(&made), ESPALIER_ERROR_FORMAT);
    for (size_t bit = 0; bit < 8 * whole->count; bit++) {
        made.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        try_made(&made);
        made.bytes[bit / 8] = whole->bytes[bit / 8];
    }
}

static void test_truncated_and_flipped(void **state)
{
    (void)state;
    made_file floats = {.count = 0}, texts = {.count = 0};
    put_npy(&floats, 1, DICTIONARY(">f4", "True", "(2, 3)"), "abcdefghijklmnopqrstuvwx", 24);
    try_all(&floats);
    put_npy(&texts, 2, DICTIONARY("<U2", "False", "(2,)"), "a\0\0\0b\0\0\0c\0\0\0\0\0\0\0", 16);
    try_all(&texts);
}

/* Whatever request fails, nothing is left. */
static void test_no_memory(void **state)
{
    (void)state;
    made_file made = {.count = 0};
    put_npy(&made, 1, DICTIONARY("|u1", "False", "(4,)"), "abcd", 4);
    put_file(path, made.bytes, made.count);
    for (size_t refuse = 1;; refuse++) {
        meter m = {.refuse_from = refuse};
        espalier_allocator allocator = meter_allocator(&m);
        npy_file file;
        espalier_status status = npy_open(path, &allocator, &file, NULL);
        if (!status)
            npy_close(&file);
        assert_int_equal(m.live, 0);
        if (!status)
            break;
        assert_int_equal(status, ESPALIER_ERROR_MEMORY);
    }
}

static void test_no_files(void **state)
{
    (void)state;
    npy_file file;
    assert_int_equal(npy_open("nowhere.npy", NULL, &file, NULL), ESPALIER_ERROR_NOT_FOUND);
    assert_int_equal(npy_open(folder, NULL, &file, NULL), ESPALIER_ERROR_FORMAT);
    assert_int_equal(npy_open("/dev/zero", NULL, &file, NULL), ESPALIER_ERROR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_gzipped),
#endif
        cmocka_unit_test(test_written_headers),
        cmocka_unit_test(test_bad_beginnings),
        cmocka_unit_test(test_bad_dictionaries),
        cmocka_unit_test(test_bad_shapes),
        cmocka_unit_test(test_types_that_are_not_read),
        cmocka_unit_test(test_types_that_there_are_not),
        cmocka_unit_test(test_wrong_kinds),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_truncated_and_flipped),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
