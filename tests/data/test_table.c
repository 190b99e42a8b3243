/* Tables row by row, as prediction reads them. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "base/test_allocator.h"
#include "base/test_files.h"
#include "espalier/dataset.h"
#include "test.h"

static char folder[] = "table-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static char named[2000], nameless[2000], numbered[2000];

/* "columns" of three tables: with names; without; and one whose header is of numbers. */
static void learn(const char *text, const char *label, espalier_missing missing,
                  char columns[2000])
{
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.table.missing = missing;
    options.table.label = label;
    put_file(path, text, strlen(text));
    if (espalier_dataset_open(path, &options, NULL, &dataset, &error))
        fail_msg("%s", error.message);
    strcpy(columns, espalier_dataset_columns(dataset));
    espalier_dataset_destroy(dataset);
}

static void learn_all(void)
{
    learn("id,c,y,n\n1,u,p,5\n2,v,q,6\n3,v,q,7\n", "y", ESPALIER_MISSING_MEAN, named);
    learn("1,u,5,p\n2,v,6,q\n", NULL, ESPALIER_MISSING_ERROR, nameless);
    learn("0,1,y\n5,x,p\n6,z,q\n", NULL, ESPALIER_MISSING_DROP, numbered);
}

enum { INPUTS_MOST = 8 };

/* Rows as "1,2;3,4;", an error as its message behind the path. */
static const char *read_rows(const char *from, size_t inputs, const espalier_table_options *options)
{
    static char shown[4000];
    char *to = shown;
    float values[INPUTS_MOST];
    espalier_table *table = NULL;
    espalier_error error = {0};
    bool end = false;
    *to = '\0';
    espalier_status status = espalier_table_open(from, inputs, options, NULL, &table, &error);
    for (uint64_t row = 1; !status; row++) {
        status = espalier_table_next(table, values, &end, &error);
        if (status || end)
            break;
        assert_int_equal(espalier_table_row(table), row);
        for (size_t i = 0; i < inputs; i++)
            to += sprintf(to, "%s%g", i ? "," : "", (double)values[i]);
        to += sprintf(to, ";");
    }
    assert_int_equal(error.status, status);
    if (status) {
        const char *text = strncmp(error.message, from, strlen(from)) == 0
                               ? error.message + strlen(from) + 2 : error.message;
        sprintf(to, "%s", text);
    }
    if (table) { /* the end stays the end */
        assert_int_equal(espalier_table_next(table, values, &end, NULL), ESPALIER_OK);
        assert_true(end);
    }
    espalier_table_close(table);
    return shown;
}

static void expect(const char *text, size_t inputs, espalier_table_options options,
                   const char *rows)
{
    put_file(path, text, strlen(text));
    assert_string_equal(read_rows(path, inputs, &options), rows);
}

static void test_by_name(void **state)
{
    (void)state;
    espalier_table_options o = {.columns = named};
    learn_all();
    expect("id,c,y,n\n1,u,p,5\n2,v,q,6\n", 4, o, "1,1,0,5;2,0,1,6;");
    expect("n;more;c;id\n5;x;v;1\n", 4, o, "1,0,1,5;"); /* other columns, no labels */
    expect("n,c,id\n5,w,1\n", 4, o, "1,0,0,5;");        /* a category that is new */
    expect("n,c,id\n,,\n", 4, o, "2,0,1,6;");           /* what was learnt of 1, 2, 3 … */
    expect("n,c,id\n", 4, o, "");
    expect("", 4, o, "expected the names of the columns, or a row, found nothing");
    expect("# only\n", 4, o, "expected the names of the columns, or a row, found nothing");
    expect("n,c\n5,u\n", 4, o, "line 1: expected a column 'id', found none of that name among 2");
    expect("n,c,id\n5,u,1\n5,u\n", 4, o,
           "1,1,0,5;row 2 (line 3): expected 3 fields as in the first line, found 2");
    expect("n,c,id\n5,u,x\n", 4, o, "row 1 (line 2), column 3 (id): expected a number, found 'x'");
    expect("n;c;id\n5;u;-131,11\n", 4, o,
           "row 1 (line 2), column 3 (id): expected a number with a point, found '-131,11': say "
           "--decimal comma if all are written so");
    expect("n,c,id\n5,u,\"1,5\"\n", 4, o,
           "row 1 (line 2), column 3 (id): expected a number with a point, found '1,5': say --decimal "
           "comma --separator comma if all are written so");
    expect("1,u,p,5\n", 4, o, "1,1,0,5;"); /* no names: by place */
    expect("1,u,5\n", 4, o, "1,1,0,5;");
    expect("1,5\n", 4, o, "line 1: expected 4 fields, or one less without labels, found 2");
}

static void test_by_place(void **state)
{
    (void)state;
    espalier_table_options o = {.columns = nameless};
    learn_all();
    expect("1,u,5,p\n", 4, o, "1,1,0,5;");
    expect("1,u,5\n", 4, o, "1,1,0,5;");
    expect("", 4, o, ""); /* no rows */
    expect("a,b,c\n1,u,5\n", 4, o, "1,1,0,5;"); /* a header is stepped over */
    expect("1,u,\n", 4, o,
           "row 1 (line 1), column 3: expected a value, found nothing (a network trained with --missing "
           "mean or median would fill it in)");
    o.header = ESPALIER_HEADER_NO;
    expect("a,b,c\n1,u,5\n", 4, o, "row 1 (line 1), column 1: expected a number, found 'a'");
    o.header = ESPALIER_HEADER_YES;
    expect("1,u,5\n2,v,6\n", 4, o, "2,0,1,6;");
    o = (espalier_table_options){.columns = numbered};
    expect("0,1\n7,z\n", 3, o, "7,0,1;");
    expect("0,1\n7,?\n", 3, o,
           "row 1 (line 2), column 2 (1): expected a value, found ?: no row can be left out here, "
           "each gets its answer");
}

/* Asked for otherwise than the columns say: what they do not know cannot be filled in. */
static void test_missing_otherwise(void **state)
{
    (void)state;
    espalier_table_options o = {.columns = named, .missing = ESPALIER_MISSING_ERROR};
    learn_all();
    expect("n,c,id\n5,u,\n", 4, o,
           "row 1 (line 2), column 3 (id): expected a value, found nothing (a network trained with "
           "--missing mean or median would fill it in)");
    o.missing = ESPALIER_MISSING_MEAN;
    expect("n,c,id\n,,\n", 4, o, "2,0,1,6;");
    o.missing = ESPALIER_MISSING_MEDIAN;
    expect("n,c,id\n5,u,1\n", 4, o,
           "missing: expected mean, error or drop, found median: the network was trained "
           "without it and does not know what to fill in");
    o = (espalier_table_options){.missing = ESPALIER_MISSING_MEAN};
    expect("5,1\n", 2, o,
           "missing: expected error or drop, found mean: the network was trained without it "
           "and does not know what to fill in");
}

static void test_without_columns(void **state)
{
    (void)state;
    espalier_table_options o = {0};
    expect("1,2,3\n4,5,6\n", 3, o, "1,2,3;4,5,6;");
    expect("a,b,c\n4,5,6\n", 3, o, "4,5,6;");
    expect("1;2,5;3\n", 3, (espalier_table_options){.decimal = ESPALIER_DECIMAL_COMMA}, "1,2.5,3;");
    expect("1,2\n", 3, o, "line 1: expected 3 fields, found 2");
    expect("1,2,3,4,5\n", 3, o, "line 1: expected 3 fields, found 5");
    expect("1,2,3,4\n", 3, o,
           "line 1: expected 3 fields, found 4: if one of them is the column of the labels, name it "
           "by --label");
    o.label = "2"; /* a field more than inputs: the label's */
    expect("1,cat,3,4\n", 3, o, "1,3,4;");
    expect("a,b,c,d\n1,cat,3,4\n", 3, o, "1,3,4;");
    o.label = "d";
    expect("a,b,c,d\n1,2,3,4\n", 3, o, "1,2,3;");
    o.label = "e";
    expect("a,b,c,d\n1,2,3,4\n", 3, o,
           "expected a column 'e' with the labels, found none among 4");
    o.label = NULL;
    expect("1,2,x\n", 3, (espalier_table_options){.header = ESPALIER_HEADER_NO},
           "row 1 (line 1), column 3: expected a number, found 'x'");
}

static void test_refused(void **state)
{
    (void)state;
    learn_all();
    espalier_table_options o = {.columns = named};
    expect("n,c,id\n5,u,1\n", 3, o,
           "columns: expected them to make the network's 3 inputs, found 4");
    o.columns = "{}";
    expect("1\n", 1, o, "columns: expected version 1, found another: a newer espalier may read it");
    remove(path);
    o.columns = named;
    assert_string_equal(read_rows(path, 4, &o), "cannot open: No such file or directory");
    o.separator = 'x';
    expect("1\n", 1, o, "separator: expected one of , ; | tab and space, found 'x'");
    assert_string_equal(read_rows(path, 1, NULL), "1;");
    espalier_table_close(NULL);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const missing[] = {"auto", "error", "mean", "median", "drop"};
    for (int i = 0; i < ESPALIER_MISSING_COUNT; i++)
        assert_string_equal(espalier_missing_name((espalier_missing)i), missing[i]);
    assert_null(espalier_missing_name(ESPALIER_MISSING_COUNT));
    assert_string_equal(espalier_header_name(ESPALIER_HEADER_NO), "no");
    assert_null(espalier_header_name(ESPALIER_HEADER_COUNT));
    assert_string_equal(espalier_decimal_name(ESPALIER_DECIMAL_COMMA), "comma");
    assert_null(espalier_decimal_name(ESPALIER_DECIMAL_COUNT));
}

/* A row is handed out before the next one has come: a sender may wait for the answer. */
static void test_standard_input(void **state)
{
    (void)state;
    int pipes[2], saved = dup(STDIN_FILENO);
    espalier_table *table;
    float values[4];
    bool end;
    learn_all();
    espalier_table_options o = {.columns = named};
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[0], STDIN_FILENO);
    assert_int_equal(write(pipes[1], "id,c,n\n", 7), 7);
    assert_int_equal(espalier_table_open("-", 4, &o, NULL, &table, NULL), ESPALIER_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(pipes[1], "1,v,5\n", 6), 6);
        assert_int_equal(espalier_table_next(table, values, &end, NULL), ESPALIER_OK);
        assert_false(end);
        assert_true(values[0] == 1 && values[2] == 1 && values[3] == 5);
    }
    assert_int_equal(write(pipes[1], "x,v,5\n", 6), 6);
    close(pipes[1]);
    espalier_error error = {0};
    assert_int_equal(espalier_table_next(table, values, &end, &error), ESPALIER_ERROR_FORMAT);
    assert_string_equal(error.message, "standard input: row 4 (line 5), column 1 (id): expected a "
                                       "number, found 'x'");
    espalier_table_close(table);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(pipes[0]);
}

static void test_memory_refused(void **state)
{
    (void)state;
    learn_all();
    espalier_table_options o = {.columns = named};
    put_file(path, "n,c,id\n5,u,1\n", 13);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_table *table = NULL;
        float values[4];
        bool end;
        status = espalier_table_open(path, 4, &o, &allocator, &table, NULL);
        if (!status)
            status = espalier_table_next(table, values, &end, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_table_close(table);
        assert_int_equal(m.live, 0);
        assert_true(n < 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),         cmocka_unit_test(test_by_place),
        cmocka_unit_test(test_missing_otherwise),
        cmocka_unit_test(test_without_columns), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),           cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
