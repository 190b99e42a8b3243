/* Columns as JSON: there and back, and what is refused. */
#include <jansson.h>

#include "base/memory.h"
#include "base/test_allocator.h"
#include "data/columns.h"
#include "format/json_gives_out.h"
#include "test.h"

static const char whole[] =
    "{\"version\":1,\"record\":5,\"header\":true,\"label\":{\"position\":5,\"name\":\"kind\"},"
    "\"missing\":\"mean\",\"separator\":\";\",\"decimal\":\"comma\",\"comment\":\"%\","
    "\"table\":{\"rows\":150,\"bytes\":4713,\"head\":\"9c6b874e2c84fe5f\"},\"columns\":["
    "{\"position\":1,\"name\":\"a\",\"kind\":\"number\",\"fill\":0.25},"
    "{\"position\":3,\"name\":\"b\",\"kind\":\"category\",\"values\":[\"x\",\"y \\\"z\\\"\"],"
    "\"fill\":\"x\"},"
    "{\"position\":4,\"name\":\"c\",\"kind\":\"category\",\"values\":[]}]}";
static const char nameless[] =
    "{\"version\":1,\"record\":2,\"header\":false,\"label\":null,\"missing\":\"error\","
    "\"separator\":\"found\",\"decimal\":\"point\",\"comment\":\"\",\"table\":{\"rows\":0,"
    "\"bytes\":0,\"head\":\"0000000000000000\"},\"columns\":[{\"position\":2,\"kind\":\"number\"}]}";

static void test_there_and_back(void **state)
{
    (void)state;
    const char *const texts[] = {whole, nameless};
    for (int i = 0; i < 2; i++) {
        columns c;
        char *text = NULL;
        espalier_error error = {0};
        if (columns_parse(texts[i], NULL, &c, &error))
            fail_msg("%s", error.message);
        assert_int_equal(columns_print(&c, &text, &error), ESPALIER_OK);
        assert_string_equal(text, texts[i]);
        memory_release(NULL, text);
        columns_clear(&c);
    }
}

/* jansson without memory at each of its requests: the whole text, or an error. */
static void test_json_memory(void **state)
{
    (void)state;
    columns c;
    assert_int_equal(columns_parse(whole, NULL, &c, NULL), ESPALIER_OK);
    for (int on = 0; on < 2; on++) {
        espalier_status status = ESPALIER_ERROR_MEMORY;
        for (size_t n = 1; status; n++) {
            char *text = NULL;
            json_gives_out(n, on);
            status = columns_print(&c, &text, NULL);
            assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
            assert_true(n > 30 || status);
            json_has_memory();
            if (!status)
                assert_string_equal(text, whole);
            memory_release(NULL, text);
        }
    }
    columns_clear(&c);
}

static void test_content(void **state)
{
    (void)state;
    columns c;
    assert_int_equal(columns_parse(whole, NULL, &c, NULL), ESPALIER_OK);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.inputs, 3);
    assert_int_equal(c.label, 4);
    assert_true(c.named && c.decimal_comma && c.separator == ';' && c.comment == '%');
    assert_int_equal(c.missing, ESPALIER_MISSING_MEAN);
    assert_true(c.rows == 150 && c.bytes == 4713 && c.head == 0x9c6b874e2c84fe5fu);
    assert_true(c.items[0].kind == COLUMN_NUMBER && c.items[0].filled && c.items[0].fill == 0.25f);
    assert_int_equal(c.items[1].position, 2);
    assert_int_equal(c.items[1].first, 1);
    assert_string_equal(c.items[1].values.texts[1], "y \"z\"");
    assert_true(c.items[1].filled && c.items[1].fill_value == 0);
    assert_false(c.items[2].filled);
    columns_clear(&c);
}

/* Sets one member, by a path such as "columns/0/kind", to a JSON value or takes it away. */
static char *change(const char *path, const char *value)
{
    json_t *json = json_loads(whole, 0, NULL), *at = json;
    char name[40];
    const char *slash;
    while ((slash = strchr(path, '/'))) {
        snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(name)) : json_object_get(at, name);
        path = slash + 1;
    }
    if (!value)
        json_object_del(at, path);
    else if (json_is_array(at))
        json_array_set_new(at, (size_t)atoi(path), json_loads(value, JSON_DECODE_ANY, NULL));
    else
        json_object_set_new(at, path, json_loads(value, JSON_DECODE_ANY, NULL));
    char *text = json_dumps(json, 0);
    json_decref(json);
    assert_non_null(text);
    return text;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"version", NULL, "expected version 1, found another"},
        {"version", "2", "expected version 1, found another"},
        {"record", "0", "record: expected 1 to 1048576 fields"},
        {"record", "-5", "record: expected"},
        {"record", "5.5", "record: expected"},
        {"record", "99999999999", "record: expected"},
        {"record", "3", "label: expected a position within a record, or null"},
        {"header", "1", "header: expected true or false"},
        {"label", "7", "label: expected a position"},
        {"label/position", "6", "label: expected a position"},
        {"label/name", NULL, "label: expected a name"},
        {"missing", "\"auto\"", "missing: expected error, mean, median or drop"},
        {"missing", NULL, "missing: expected"},
        {"separator", "\"x\"", "separator: expected found or one of"},
        {"decimal", "\"none\"", "decimal: expected point or comma"},
        {"comment", "\"ab\"", "comment: expected one character or none"},
        {"comment", "\" \"", "comment: expected one character or none"},
        {"table", NULL, "table: expected rows, bytes and head"},
        {"table/rows", "-1", "table: expected rows, bytes and head"},
        {"table/head", "\"g\"", "table: expected rows, bytes and head"},
        {"columns", "[]", "columns: expected a list of at least one column of a record"},
        {"columns", "7", "columns: expected a list"},
        {"columns/0", "[]", "column 1: position: expected ascending numbers within a record"},
        {"columns/0/position", "4", "column 2: position: expected ascending numbers"},
        {"columns/0/position", "5", "column 1: position: expected ascending numbers"},
        {"columns/2/position", "6", "column 3: position: expected ascending numbers"},
        {"columns/0/name", NULL, "column 1: name: expected a text"},
        {"columns/0/kind", "\"text\"", "column 1: kind: expected number or category"},
        {"columns/0/fill", "\"x\"", "column 1: fill: expected a finite number"},
        {"columns/0/fill", "1e300", "column 1: fill: expected a finite number"},
        {"columns/1/values", NULL, "column 2: values: expected a list of texts"},
        {"columns/1/values", "[\"x\",\"x\"]", "column 2: values: expected different texts"},
        {"columns/1/values", "[\"x\",1]", "column 2: values: expected different texts"},
        {"columns/1/fill", "\"q\"", "column 2: fill: expected one of its values"},
        {"columns/1/fill", "1", "column 2: fill: expected one of its values"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        columns c;
        espalier_error error = {0};
        char *text = change(cases[i][0], cases[i][1]);
        espalier_status status = columns_parse(text, NULL, &c, &error);
        if (status == ESPALIER_OK || !strstr(error.message, cases[i][2]) ||
            strncmp(error.message, "columns: ", 9) != 0)
            fail_msg("%s: expected '%s' in: %s", text, cases[i][2], error.message);
        assert_int_equal(status, strcmp(cases[i][0], "version") == 0 ? ESPALIER_ERROR_UNSUPPORTED
                                                                     : ESPALIER_ERROR_FORMAT);
        assert_null(c.items);
        free(text);
    }
    static const char *const texts[] = {"", "{", "[]", "null", "{\"a\":1,\"a\":2}"};
    for (int i = 0; i < 5; i++) {
        columns c;
        espalier_error error = {0};
        assert_int_equal(columns_parse(texts[i], NULL, &c, &error), ESPALIER_ERROR_FORMAT);
        assert_string_equal(error.message, "columns: text: expected a JSON object");
    }
}

/* Every beginning of a text is refused without a crash. */
static void test_truncated(void **state)
{
    (void)state;
    char text[sizeof whole];
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        columns c;
        memcpy(text, whole, length);
        text[length] = '\0';
        assert_int_equal(columns_parse(text, NULL, &c, NULL), ESPALIER_ERROR_FORMAT);
    }
}

static void test_memory_refused(void **state)
{
    (void)state;
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        columns c;
        char *text = NULL;
        status = columns_parse(whole, &allocator, &c, NULL);
        if (!status)
            status = columns_print(&c, &text, NULL);
        memory_release(&allocator, text);
        columns_clear(&c);
        assert_int_equal(m.live, 0);
        assert_true(n < 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_json_memory), cmocka_unit_test(test_content),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
