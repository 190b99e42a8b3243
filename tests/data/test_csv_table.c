/* Tables as data sets: what becomes of columns, labels, rows and missing values, and what
 * is said of tables that are wrong. */
#define _POSIX_C_SOURCE 200809L
#include <malloc.h>
#include <math.h>
#include <sys/stat.h>

#include "base/random.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "data/columns.h"
#include "data/dataset.h"
#include "test.h"

static char folder[] = "csv-table-XXXXXX";
static char path[64], test_path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a.csv", folder);
    snprintf(test_path, sizeof test_path, "%s/b.csv", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static espalier_dataset_options plain(void)
{
    espalier_dataset_options options = espalier_dataset_options_defaults();
    options.validation_fraction = 0;
    options.scaling = ESPALIER_SCALING_NONE;
    return options;
}

static espalier_dataset *open_text(const char *text, const espalier_dataset_options *options)
{
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    put_file(path, text, strlen(text));
    if (espalier_dataset_open(path, options, NULL, &dataset, &error))
        fail_msg("%s", error.message);
    return dataset;
}

/* "label:value,value;" for each row of a split, as class names or numbers. */
static const char *show(const espalier_dataset *d, espalier_split split)
{
    static char text[4000];
    float row[40];
    char *to = text;
    assert_true(espalier_dataset_input_count(d) <= 40);
    *to = '\0';
    for (size_t r = 0; r < espalier_dataset_row_count(d, split); r++) {
        uint32_t label = espalier_dataset_label(d, split, r);
        const char *name = espalier_dataset_class_name(d, label);
        espalier_dataset_rows(d, split, r, 1, row);
        to += name ? sprintf(to, "%s:", name) : sprintf(to, "%d:", (int)label);
        for (size_t i = 0; i < espalier_dataset_input_count(d); i++)
            to += sprintf(to, "%s%.9g", i ? "," : "", (double)row[i]);
        *to++ = ';';
        *to = '\0';
    }
    return text;
}

static void expect(const char *text, const espalier_dataset_options *options, const char *rows)
{
    espalier_dataset *dataset = open_text(text, options);
    assert_string_equal(show(dataset, ESPALIER_TRAINING), rows);
    espalier_dataset_destroy(dataset);
}

/* ---- columns ---------------------------------------------------------------- */

static void test_plain(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    expect("a,b,y\n1,2.5,0\n-3,4e1,1\n", &o, "0:1,2.5;1:-3,40;");
    expect("1,2.5,0\n-3,4e1,1\n", &o, "0:1,2.5;1:-3,40;");
    expect("1;2,5;no\n-3;4;yes\n", &(espalier_dataset_options){
               .scaling = ESPALIER_SCALING_NONE, .table = {.decimal = ESPALIER_DECIMAL_COMMA}},
           "no:1,2.5;yes:-3,4;");
    expect("a,b,y\n\"1,5\",\"2,5\",0\n\"3,5\",\"1,0\",1\n", &(espalier_dataset_options){
               .scaling = ESPALIER_SCALING_NONE, .table = {.decimal = ESPALIER_DECIMAL_COMMA}},
           "0:1.5,2.5;1:3.5,1;");
    espalier_dataset *dataset = open_text("a,\"b c\",y\n1,2,0\n3,4,1\n", &o);
    assert_string_equal(espalier_dataset_input_name(dataset, 1), "b c");
    assert_null(espalier_dataset_input_name(dataset, 2));
    assert_null(espalier_dataset_class_name(dataset, 0));
    assert_int_equal(espalier_dataset_validation(dataset), ESPALIER_VALIDATION_STRATIFIED);
    espalier_dataset_destroy(dataset);
    dataset = open_text("1,2,0\n3,4,1\n", &o);
    assert_null(espalier_dataset_input_name(dataset, 0));
    espalier_dataset_destroy(dataset);
}

/* Names of columns in all sorts of tables, and where there are none. */
static void test_header_found(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    static const struct {
        const char *text;
        size_t rows;
    } cases[] = {
        {"id,0,1,y\n7,1,2,a\n8,2,3,b\n", 2}, /* pixels called by numbers */
        {",a,y\n0,1,a\n1,2,b\n", 2},          /* the first one has no name */
        {"p,q,y\nx,u,a\nz,w,b\n", 2},          /* texts only, all different */
        {"x,u,u\nx,v,w\n", 2},                 /* texts only, some alike */
        {"0,1,y\n5,x,p\n6,z,q\n", 2},         /* a number above texts */
        {"a,b,y\n1,,0\n,2,1\n", 2},            /* missing values below */
        {"1,x,0\n2,y,1\n", 2},                 /* numbers in the first line */
        {"# note\n\na,y\n1,0\n2,1\n", 2},
    };
    o.table.missing = ESPALIER_MISSING_MEAN;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        espalier_dataset *dataset = open_text(cases[i].text, &o);
        assert_int_equal(espalier_dataset_row_count(dataset, ESPALIER_TRAINING), cases[i].rows);
        espalier_dataset_destroy(dataset);
    }
    o.table.header = ESPALIER_HEADER_NO;
    expect("a,b,y\nc,d,z\n", &o, "y:1,0,1,0;z:0,1,0,1;");
    o.table.header = ESPALIER_HEADER_YES;
    expect("1,2,0\n3,4,1\n5,6,0\n", &o, "1:3,4;0:5,6;");
}

static void test_label_and_ignored(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    static const char text[] = "id,kind,a,b\n1,x,5,6\n2,y,7,8\n";
    o.table.label = "kind";
    expect(text, &o, "x:1,5,6;y:2,7,8;");
    o.table.label = "2";
    expect(text, &o, "x:1,5,6;y:2,7,8;");
    const char *const id[] = {"id"}, *const both[] = {"1,b"}, *const last[] = {"b", "3"};
    o.table.ignored = id;
    o.table.ignored_count = 1;
    expect(text, &o, "x:5,6;y:7,8;");
    o.table.ignored = both;
    expect(text, &o, "x:5;y:7;");
    o.table.label = NULL; /* the last that is not ignored */
    o.table.ignored = last;
    o.table.ignored_count = 2;
    expect(text, &o, "x:1;y:2;");
    const char *const odd[] = {"a,b"};
    o.table.ignored = odd;
    o.table.ignored_count = 1;
    expect("c,\"a,b\",y\n1,2,0\n3,4,1\n", &o, "0:1;1:3;"); /* a name with a comma in it */
}

static void test_labels(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    expect("1,b\n2,a\n3,b\n", &o, "b:1;a:2;b:3;");
    expect("1,10\n2,9\n3,-1\n", &o, "10:1;9:2;-1:3;");
    expect("1,1\n2,0\n3,2\n", &o, "1:1;0:2;2:3;");
    expect("1,1.0\n2,0\n3,+1\n4,01\n5,1e0\n", &o, "1:1;0:2;1:3;1:4;1:5;");
    expect("1,1.5\n2,0.5\n", &o, "1.5:1;0.5:2;");
    espalier_dataset *dataset = open_text("1,10\n2,9\n3,-1\n", &o);
    static const char *const sorted[] = {"-1", "9", "10"};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(espalier_dataset_class_name(dataset, i), sorted[i]);
    espalier_dataset_destroy(dataset);
    dataset = open_text("1,2\n2,0\n3,3\n", &o); /* with a gap they are names */
    assert_int_equal(espalier_dataset_class_count(dataset), 3);
    assert_string_equal(espalier_dataset_class_name(dataset, 1), "2");
    espalier_dataset_destroy(dataset);
}

static void test_categories(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    static const char text[] = "c,n,y\nred,1,0\nblue,2,1\nred,1,1\n\"NA\",3,0\n";
    expect(text, &o, "0:0,0,1,1;1:0,1,0,2;1:0,0,1,1;0:1,0,0,3;");
    const char *const n[] = {"n"};
    o.table.categorical = n;
    o.table.categorical_count = 1;
    expect(text, &o, "0:0,0,1,1,0,0;1:0,1,0,0,1,0;1:0,0,1,1,0,0;0:1,0,0,0,0,1;");
    espalier_dataset *dataset = open_text(text, &o);
    assert_string_equal(espalier_dataset_input_name(dataset, 0), "c=NA");
    assert_string_equal(espalier_dataset_input_name(dataset, 3), "n=1");
    espalier_dataset_destroy(dataset);
    /* What begins as text is text: numbers in it are categories, too. */
    o = plain();
    expect("c,n,y\nx,1,0\n7,2,1\n", &o, "0:0,1,1;1:1,0,2;");
}

/* Text by its first value, though most of the others are numbers; not where that was asked for. */
static void test_mixed_columns(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    static const char text[] = "c,m,n,t,y\nNA,None,1,-,0\nred,1,2,x,1\n7,1,3,1,1\n8,2.5,4,2,0\n";
    const espalier_mixed_column *mixed = NULL;
    o.table.missing = ESPALIER_MISSING_MEAN;
    espalier_dataset *dataset = open_text(text, &o);
    assert_int_equal(espalier_dataset_mixed_columns(dataset, &mixed), 2);
    assert_string_equal(mixed[0].name, "c");
    assert_string_equal(mixed[0].text, "red");
    assert_int_equal(mixed[0].position, 0);
    assert_string_equal(mixed[1].name, "m");
    assert_string_equal(mixed[1].text, "None");
    assert_int_equal(mixed[1].values, 3);
    assert_int_equal(mixed[1].numbers, 2);
    espalier_dataset_destroy(dataset);
    const char *const both[] = {"c", "m"};
    o.table.categorical = both;
    o.table.categorical_count = 2;
    dataset = open_text(text, &o);
    assert_int_equal(espalier_dataset_mixed_columns(dataset, &mixed), 0);
    assert_null(mixed);
    espalier_dataset_destroy(dataset);
    o = plain();
    static const struct {
        const char *column; /* three different values */
        size_t numbers;
    } forms[] = {
        {"12%,5 %,7", 3},     {"$3.00,$4,-$5", 3},     {"\"1,000.5\",\"12,345,678\",1'000", 3},
        {"\xE2\x88\x92" "3,\xC2\xA0" "4,5\xE2\x82\xAC", 3},  {"1 000,1\xE2\x80\xAF" "000,2", 3},
        {"2024-01-02,10-20,1:30", 0}, {"1 2,\"1,00.5\",3$4", 0}, {"5 kg,%,1st", 0}, {"x,\"1,0000\",7%", 0},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char table[200], *to = table + sprintf(table, "c,y\n");
        bool quoted = false;
        for (const char *from = forms[i].column; *from; from++) {
            quoted ^= *from == '"';
            to += *from == ',' && !quoted ? sprintf(to, ",0\n") : sprintf(to, "%c", *from);
        }
        sprintf(to, ",1\n");
        dataset = open_text(table, &o);
        assert_int_equal(espalier_dataset_mixed_columns(dataset, &mixed), forms[i].numbers > 0);
        if (forms[i].numbers)
            assert_int_equal(mixed->numbers, forms[i].numbers);
        espalier_dataset_destroy(dataset);
    }
    o.table.decimal = ESPALIER_DECIMAL_COMMA;
    o.table.header = ESPALIER_HEADER_NO;
    dataset = open_text("-;1;0\n1,5;2;1\n2,5;3;1\n", &o);
    assert_int_equal(espalier_dataset_mixed_columns(dataset, &mixed), 1);
    assert_string_equal(mixed[0].name, "");
    espalier_dataset_destroy(dataset);
}

/* ---- missing values ------------------------------------------------------------ */

static void test_missing(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    static const char text[] =
        "a,c,y\n1,u,0\n,v,1\n2,v,0\nNA,?,1\n6,null,0\nn/a,v,1\n#N/A,u,0\nNaN,v,1\n7,v,0\n";
    o.table.missing = ESPALIER_MISSING_MEAN;
    expect(text, &o, "0:1,1,0;1:4,0,1;0:2,0,1;1:4,0,1;0:6,0,1;1:4,0,1;0:4,1,0;1:4,0,1;0:7,0,1;");
    o.table.missing = ESPALIER_MISSING_MEDIAN;
    expect("a,y\n9,0\n,1\n-2,0\n5,1\n", &o, "0:9;1:5;0:-2;1:5;");
    expect("a,y\n9,0\n,1\n-2,0\n5,1\n6,1\n", &o, "0:9;1:5.5;0:-2;1:5;1:6;");
    expect("a,b,y\n9,,0\n8,,1\n", &o, "0:9,0;1:8,0;"); /* nothing to learn from: 0 */
    o.table.missing = ESPALIER_MISSING_DROP;
    o.table.label = "y";
    expect("a,c,y\n1,u,0\n2,?,1\n3,v,1\nNA,u,0\n", &o, "0:1,1,0;1:3,0,1;");
}

/* A label that is missing drops its row, too, and columns that are ignored drop none. */
static void test_dropped(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    const char *const b[] = {"b"};
    o.table.missing = ESPALIER_MISSING_DROP;
    o.table.ignored = b;
    o.table.ignored_count = 1;
    expect("a,b,y\n1,,0\n2,3,\n,4,1\n5,?,1\n", &o, "0:1;1:5;");
}

/* A first row that was no header is none when the network reads its table again, though it would
 * look like one above the rows that were kept. */
static void test_known_again(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    o.table.missing = ESPALIER_MISSING_DROP;
    static const char text[] = "id,x,\n,p,0\n2,?,1\n3,b,0\nq,,1\n5,c,2\n";
    espalier_dataset *first = open_text(text, &o);
    o.table.columns = espalier_dataset_columns(first);
    espalier_dataset *again = open_text(text, &o);
    assert_non_null(strstr(o.table.columns, "\"header\":false"));
    assert_string_equal(espalier_dataset_columns(again), o.table.columns);
    espalier_dataset_destroy(again);
    espalier_dataset_destroy(first);
}

/* Means and medians of random columns, of the training rows alone, against sorted ones. */
static void test_fills_of_training_rows(void **state)
{
    (void)state;
    enum { ROWS = 500 };
    static char text[40 * ROWS];
    for (int median = 0; median < 2; median++) {
        char *to = text + sprintf(text, "a,y\n");
        for (int i = 0; i < ROWS; i++) {
            double value = random_normal(9, random_stream(RANDOM_TEST, 0), (uint64_t)i);
            to += i % 7 == 3 ? sprintf(to, ",%d\n", i % 2) : sprintf(to, "%.7g,%d\n", value, i % 2);
        }
        espalier_dataset_options o = espalier_dataset_options_defaults();
        o.table.missing = median ? ESPALIER_MISSING_MEDIAN : ESPALIER_MISSING_MEAN;
        o.table.test_fraction = 0.3;
        espalier_dataset *d = open_text(text, &o);
        columns c;
        assert_int_equal(columns_parse(espalier_dataset_columns(d), NULL, &c, NULL), ESPALIER_OK);
        float fill = c.items[0].fill;
        size_t count = 0, below = 0, above = 0, filled = 0;
        double sum = 0;
        for (size_t i = 0; i < espalier_dataset_row_count(d, ESPALIER_TRAINING); i++) {
            float value;
            espalier_dataset_rows(d, ESPALIER_TRAINING, i, 1, &value);
            if (value == fill) {
                filled++;
                continue;
            }
            count++;
            sum += (double)value;
            below += value < fill;
            above += value > fill;
        }
        assert_true(filled > 20);
        if (median)
            assert_true(below <= (count + 1) / 2 && above <= (count + 1) / 2);
        else
            assert_true(fabs(sum / (double)count - (double)fill) < 1e-6);
        columns_clear(&c);
        espalier_dataset_destroy(d);
    }
}

/* ---- splits ------------------------------------------------------------------------ */

/* 60 rows sorted by class, the value telling the row. */
static const char *sorted_table(void)
{
    static char text[2000];
    char *to = text + sprintf(text, "v,y\n");
    for (int i = 0; i < 60; i++)
        to += sprintf(to, "%d,%c\n", i, "aaabbc"[i / 10]);
    return text;
}

static void count_classes(const espalier_dataset *d, espalier_split split, size_t counts[3],
                          uint8_t seen[60])
{
    memset(counts, 0, 3 * sizeof *counts);
    for (size_t i = 0; i < espalier_dataset_row_count(d, split); i++) {
        float value;
        uint32_t label = espalier_dataset_label(d, split, i);
        espalier_dataset_rows(d, split, i, 1, &value);
        counts[label]++;
        assert_int_equal("aaabbc"[(int)value / 10] - 'a', label); /* values go with their labels */
        assert_int_equal(seen[(int)value]++, 0);
    }
}

static void test_splits(void **state)
{
    (void)state;
    static const size_t expected[ESPALIER_SPLIT_COUNT][3] = {{22, 15, 8}, {2, 1, 0}, {6, 4, 2}};
    char before[4000] = "";
    for (uint64_t seed = 1; seed < 4; seed++) {
        espalier_dataset_options o = espalier_dataset_options_defaults();
        o.table.test_fraction = 0.2;
        o.seed = seed;
        espalier_dataset *d = open_text(sorted_table(), &o);
        uint8_t seen[60] = {0};
        for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
            size_t counts[3];
            count_classes(d, (espalier_split)split, counts, seen);
            assert_memory_equal(counts, expected[split], sizeof counts);
        }
        const char *rows = show(d, ESPALIER_TEST);
        assert_string_not_equal(before, rows);
        strcpy(before, rows);
        espalier_dataset_destroy(d);
        d = open_text(sorted_table(), &o); /* the same again */
        assert_string_equal(before, show(d, ESPALIER_TEST));
        espalier_dataset_destroy(d);
    }
}

static void test_second_file(void **state)
{
    (void)state;
    espalier_dataset_options o = plain();
    o.table.test_path = test_path;
    put_file(test_path, "y;c;a\nq;u;7\np;w;8\n", 18);
    espalier_dataset *d = open_text("a,c,y\n1,u,p\n2,v,q\n", &o);
    assert_string_equal(show(d, ESPALIER_TRAINING), "p:1,1,0;q:2,0,1;");
    assert_string_equal(show(d, ESPALIER_TEST), "q:7,1,0;p:8,0,0;"); /* w is not known */
    espalier_dataset_destroy(d);
}

/* Categories, fills and scaling know nothing of validation and test rows. */
static void test_nothing_leaks(void **state)
{
    (void)state;
    espalier_dataset_options o = espalier_dataset_options_defaults();
    o.validation = ESPALIER_VALIDATION_FIRST;
    o.validation_fraction = 0.25;
    o.table.test_path = test_path;
    o.table.missing = ESPALIER_MISSING_MEAN;
    put_file(test_path, "a,c,y\n1000,t,1\n", 15);
    espalier_dataset *d =
        open_text("a,c,y\n500,v,0\n1,x,0\n3,x,1\n,z,1\n", &o); /* row 1 is for validation */
    const float *shift, *scale;
    assert_int_equal(espalier_dataset_scaling(d, &shift, &scale), 3);
    assert_true(shift[0] == 2.0f);
    assert_string_equal(show(d, ESPALIER_TRAINING), "0:1,1,0;1:3,1,0;1:2,0,1;");
    assert_string_equal(show(d, ESPALIER_VALIDATION), "0:500,0,0;");
    assert_string_equal(show(d, ESPALIER_TEST), "1:1000,0,0;");
    espalier_dataset_destroy(d);
}

/* ---- by the columns of a network ------------------------------------------------------ */

static void test_known_columns(void **state)
{
    (void)state;
    espalier_dataset_options o = espalier_dataset_options_defaults();
    static const char *const classes[] = {"a", "b", "c"};
    char own[4000];
    o.table.test_fraction = 0.2;
    espalier_dataset *d = open_text(sorted_table(), &o), *again = NULL, *other = NULL;
    espalier_dataset_options known = o;
    known.table.columns = espalier_dataset_columns(d);
    known.table.class_names = classes;
    known.table.class_count = 3;
    known.table.for_test = true;
    again = open_text(sorted_table(), &known); /* its own table: split as before */
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
        strcpy(own, show(d, (espalier_split)split));
        assert_string_equal(own, show(again, (espalier_split)split));
    }
    assert_string_equal(espalier_dataset_columns(again), known.table.columns);
    other = open_text("n,y,v\n1,c,5\n2,b,6\n", &known); /* another: all rows are for tests */
    assert_int_equal(espalier_dataset_row_count(other, ESPALIER_TRAINING), 0);
    assert_int_equal(espalier_dataset_row_count(other, ESPALIER_VALIDATION), 0);
    assert_string_equal(show(other, ESPALIER_TEST), "c:5;b:6;");
    assert_int_equal(espalier_dataset_class_count(other), 3);
    espalier_dataset_destroy(other);
    known.table.for_test = false; /* to train on it: split by the options */
    other = open_text("n,y,v\n1,c,5\n2,b,6\n", &known);
    assert_int_equal(espalier_dataset_row_count(other, ESPALIER_TRAINING), 2);
    espalier_dataset_destroy(other);
    espalier_dataset_destroy(again);
    espalier_dataset_destroy(d);
}

/* A network without columns, from another program: labels are found by the names of its
 * classes, written as they are or as numbers usually are. */
static void test_known_classes(void **state)
{
    (void)state;
    static const char *const numbers[] = {"0", "1", "2"}, *const written[] = {"0.0", "1.0", "2.0"};
    espalier_dataset_options o = plain();
    o.table.class_count = 3;
    o.table.for_test = true;
    for (int way = 0; way < 2; way++) {
        o.table.class_names = way ? written : numbers;
        espalier_dataset *d = open_text("7,2.0\n8,0.0\n", &o);
        assert_int_equal(espalier_dataset_class_count(d), 3);
        assert_int_equal(espalier_dataset_row_count(d, ESPALIER_TRAINING), 0);
        assert_int_equal(espalier_dataset_label(d, ESPALIER_TEST, 0), 2);
        assert_int_equal(espalier_dataset_label(d, ESPALIER_TEST, 1), 0);
        espalier_dataset_destroy(d);
    }
}

/* ---- what is wrong ---------------------------------------------------------------------- */

typedef struct wrong {
    const char *text;
    espalier_table_options table;
    const char *test; /* a second file, or NULL */
    espalier_status status;
    const char *message; /* behind the path; of the second file where `test` is not NULL */
} wrong;

static void refuse(const wrong *w)
{
    char message[600];
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    espalier_dataset_options o = plain();
    o.table = w->table;
    put_file(path, w->text, strlen(w->text));
    if (w->test) {
        put_file(test_path, w->test, strlen(w->test));
        o.table.test_path = test_path;
    }
    espalier_status status = espalier_dataset_open(path, &o, NULL, &dataset, &error);
    snprintf(message, sizeof message, "%s: %s", w->test ? test_path : path, w->message);
    assert_string_equal(error.message, message);
    assert_int_equal(status, w->status);
    assert_null(dataset);
}

static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                                "0123456789012345678901234567890123456789012345678901234567890123456789"
                                "0123456789012345678901234567890123456789012345678901234567890123456789"
                                "0123456789012345678901234567890123456789012345678901234567890123456789";

static void test_refused(void **state)
{
    (void)state;
    static const char *const absent[] = {"z"}, *const zero[] = {"0"}, *const y[] = {"y"},
                      *const a[] = {"a"}, *const ab[] = {"a,b"}, *const list[] = {"a,z"};
    static const char *const classes[] = {"p", "q"};
    static const char known[] =
        "{\"version\":1,\"record\":3,\"header\":true,\"label\":{\"position\":3,\"name\":\"y\"},"
        "\"missing\":\"drop\",\"separator\":\"found\",\"decimal\":\"point\",\"comment\":\"#\","
        "\"table\":{\"rows\":0,\"bytes\":0,\"head\":\"0\"},\"columns\":[{\"position\":1,\"name\":"
        "\"a\",\"kind\":\"number\"},{\"position\":2,\"name\":\"b\",\"kind\":\"number\"}]}";
    char long_label[700], long_name[700], long_category[700];
    sprintf(long_label, "a,y\n1,x%s\n2,z\n", long_text);
    sprintf(long_name, "a%s,y\n1,x\n2,z\n", long_text);
    sprintf(long_category, "a,c,y\n1,x,0\n2,y%s,1\n", long_text);
    const espalier_table_options none = {0};
    const wrong cases[] = {
        {"", none, NULL, ESPALIER_ERROR_FORMAT, "expected rows, found none"},
        {"# only\n\n", none, NULL, ESPALIER_ERROR_FORMAT, "expected rows, found none"},
        {"a,b,y\n", none, NULL, ESPALIER_ERROR_FORMAT, "expected rows, found none"},
        {"y\n1\n2\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "expected a column of labels and at least one more, found 1 column, whose first field is 'y'"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.decimal = ESPALIER_DECIMAL_COMMA}, NULL, ESPALIER_ERROR_FORMAT,
         "expected a column of labels and at least one more, found 1 column, whose first field is 'a,b,y': "
         "with --decimal comma, commas separate columns only by --separator comma"},
        {"a,b,y\n\"1,5\",2,p\n3,4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 1 (a): expected a number with a point, found '1,5': say --decimal comma "
         "--separator comma if all are written so, or take the column as texts by --categorical"},
        {"a,b,y\n1,2,p\n1,2\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3): expected 3 fields as in the first line, found 2"},
        {"a,b,y\n1,2,p\n1,2,q,\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3): expected 3 fields as in the first line, found 4"},
        {"a,b,y\n1,2,p\n# note\n1,abc,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 4), column 2 (b): expected a number, found 'abc'"},
        {"a;b;y\n1;2;p\n1;-131,11;q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (b): expected a number with a point, found '-131,11': say --decimal "
         "comma if all are written so"},
        {"a,b,y\n\"1,234\",2,p\n3,4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 1 (a): expected a number with a point, found '1,234': write 1234 for 1,234 "
         "if the comma separates thousands, else say --decimal comma --separator comma, or take the column "
         "as texts by --categorical"},
        {"a\tb\ty\n900\t2\tp\n12,345\t4\tq\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 1 (a): expected a number with a point, found '12,345': write 1234 for 1,234 "
         "if the comma separates thousands, else say --decimal comma"},
        {"a;b;y\n900;2;p\n12,345;4;q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 1 (a): expected a number with a point, found '12,345': say --decimal comma "
         "if all are written so"},
        {"1,2,p\n1,\"3 4\",q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 2), column 2: expected a number, found '3 4'"},
        {"a,b,y\n1,2,p\n1,2 a very long text that nobody wants to read to its end,q\n", none, NULL,
         ESPALIER_ERROR_FORMAT, "row 2 (line 3), column 2 (b): expected a number, found '2 a very "
                                "long text that nobody wants to read...'"},
        {"a;b;y\n1;1,5;p\n2;2,5;q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 2 (b): expected a number with a point, found '1,5': say --decimal "
         "comma if all are written so, or take the column as texts by --categorical"},
        {"a;b;y\n1;1.5;p\n2;2.5;q\n", {.decimal = ESPALIER_DECIMAL_COMMA}, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 2 (b): expected a number with a comma, found '1.5': say --decimal "
         "point if all are written so, or take the column as texts by --categorical"},
        {"a,b,y\n1,2,p\n-inf,2,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 1 (a): expected a finite number, found '-inf'"},
        {"a,b,y\n1,2,p\n1,1e39,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (b): expected a finite number, found '1e39'"},
        {"a,b,y\n1,2,p\n1,,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (b): expected a value, found nothing (with --missing mean or median it "
         "would be replaced, with drop its row left out)"},
        {"a,b,y\n1,NaN,p\n1,2,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 2 (b): expected a value, found NaN (with --missing mean or median it "
         "would be replaced, with drop its row left out)"},
        {"a,c,y\n1,x,p\n1,?,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (c): expected a value, found ? (with --missing mean or median it "
         "would be replaced, with drop its row left out)"},
        {"a,b,y\n1,2,p\n1,2,\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 3 (y): expected a label, found nothing"},
        {"a,b,y\n1,2,p\n1,2,NA\n", {.missing = ESPALIER_MISSING_MEAN}, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 3 (y): expected a label, found NA"},
        {"a,b,y\n1,2,p\n3,4,p\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "column 3 (y): expected labels of at least two classes, found only 'p'"},
        {"a,y\n,p\n?,q\n", {.missing = ESPALIER_MISSING_DROP}, NULL, ESPALIER_ERROR_FORMAT,
         "expected rows, found none without missing values"},
        {"a,b,a\n1,2,p\n3,4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "columns 1 and 3: expected different names, found 'a' twice"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.label = "z"}, NULL, ESPALIER_ERROR_MISMATCH,
         "label: expected the name of a column or a number from 1 to 3, found 'z'"},
        {"1,2,p\n3,4,q\n", {.label = "4"}, NULL, ESPALIER_ERROR_MISMATCH,
         "label: expected a number from 1 to 3, found '4'"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.ignored = absent, .ignored_count = 1}, NULL,
         ESPALIER_ERROR_MISMATCH,
         "ignore: expected the name of a column or a number from 1 to 3, found 'z'"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.ignored = list, .ignored_count = 1}, NULL,
         ESPALIER_ERROR_MISMATCH,
         "ignore: expected the name of a column or a number from 1 to 3, found 'z'"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.categorical = zero, .categorical_count = 1}, NULL,
         ESPALIER_ERROR_MISMATCH,
         "categorical: expected the name of a column or a number from 1 to 3, found '0'"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.label = "3", .ignored = y, .ignored_count = 1}, NULL,
         ESPALIER_ERROR_MISMATCH, "label: the column '3' is also ignored"},
        {"a,b,y\n1,2,p\n3,4,q\n", {.ignored = ab, .ignored_count = 1}, NULL, ESPALIER_ERROR_FORMAT,
         "expected a column of labels and at least one more, found 3 columns, ignored ones included"},
        {"a,c,y\n1,x,p\n1,z,q\n1,v,q\n", {.categories_most = 2}, NULL, ESPALIER_ERROR_FORMAT,
         "row 3 (line 4), column 2 (c): expected at most 2 categories, found one more, 'v': leave "
         "the column out by --ignore if it tells rows apart, or allow more by --max-categories"},
        {"a,c,y\n1,-,p\n1,2,q\n1,3,q\n1,4,q\n", {.categories_most = 3}, NULL, ESPALIER_ERROR_FORMAT,
         "row 4 (line 5), column 2 (c): expected at most 3 categories, found one more, '4': the column is "
         "text because its first value, '-', is no number that is read; write it as one, or leave it empty "
         "and say --missing, or leave the column out by --ignore"},
        {"a,y\n,p\n,q\n",
         {.categorical = a, .categorical_count = 1, .missing = ESPALIER_MISSING_MEAN}, NULL,
         ESPALIER_ERROR_FORMAT, "expected columns that make 1 to 16777216 inputs, found 0"},
        {"a,b\xe4,y\n1,2,p\n3,4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "column 2: expected a name in UTF-8, found another encoding: save the file as UTF-8"},
        {"a,c,y\n1,x,p\n3,\xe4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (c): expected a category in UTF-8, found another encoding: save "
         "the file as UTF-8"},
        {"a,b,y\n1,2,p\n3,4,\xe4\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 3 (y): expected a label in UTF-8, found another encoding: save "
         "the file as UTF-8"},
        {long_label, none, NULL, ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 2 (y): expected a label of at most 255 bytes, found "
         "'x0123456789012345678901234567890123456789012...'"},
        {long_name, none, NULL, ESPALIER_ERROR_FORMAT,
         "column 1: expected a name of at most 255 bytes, found a longer one"},
        {long_category, none, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 2 (c): expected a category of at most 255 bytes, found "
         "'y0123456789012345678901234567890123456789012...'"},
        {"a,b,y\n1,\"2,p\n3,4,q\n", none, NULL, ESPALIER_ERROR_FORMAT,
         "line 2, column 2: expected a closing quote, found the end of the file"},
        {"a,b,y\n1,2,p\n3,4,q\n", none, "a,b,y\n1,2,r\n", ESPALIER_ERROR_FORMAT,
         "row 1 (line 2), column 3 (y): expected one of the 2 classes of the training file, found "
         "'r'"},
        {"a,b,y\n1,2,p\n3,4,q\n", none, "a,y\n1,q\n", ESPALIER_ERROR_MISMATCH,
         "line 1: expected a column 'b', found none of that name among 2"},
        {"a,b,y\n1,2,p\n3,4,q\n", none, "a,b\n1,2\n", ESPALIER_ERROR_MISMATCH,
         "expected a column 'y' with the labels, found none"},
        {"1,2,p\n3,4,q\n", none, "1,2\n", ESPALIER_ERROR_MISMATCH,
         "expected a column with the labels, found none"},
        {"1,2,p\n3,4,q\n", none, "1,2,3,q\n", ESPALIER_ERROR_MISMATCH,
         "line 1: expected 3 fields, or one less without labels, found 4"},
        {"a,b,y\n1,2,p\n1,2,r\n",
         {.columns = known, .class_names = classes, .class_count = 2}, NULL, ESPALIER_ERROR_FORMAT,
         "row 2 (line 3), column 3 (y): expected one of the 2 classes of the network, found 'r'"},
        {"a,x,y\n1,2,p\n", {.columns = known, .class_names = classes, .class_count = 2}, NULL,
         ESPALIER_ERROR_MISMATCH, "line 1: expected a column 'b', found none of that name among 3"},
        {"a,b\n1,2\n", {.columns = known, .class_names = classes, .class_count = 2}, NULL,
         ESPALIER_ERROR_MISMATCH, "expected a column 'y' with the labels, found none"},
        {"a,b,y\n1,2,p\n", {.columns = known, .label = "w"}, NULL, ESPALIER_ERROR_MISMATCH,
         "expected a column 'w' with the labels, found none among 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(&cases[i]);
}

static void test_hardly_classes(void **state)
{
    (void)state;
    char *text = malloc(400000), *to = text;
    assert_non_null(text);
    for (int i = 0; i < 300; i++)
        to += sprintf(to, "1,%d.5\n", i);
    const wrong few = {text, {0}, NULL, ESPALIER_ERROR_FORMAT,
                       "column 2: expected labels of classes, found 300 different ones in 300 rows: "
                       "choose the column of the labels by --label"};
    refuse(&few);
    for (int i = 300; i < 20000; i++)
        to += sprintf(to, "1,%d.5\n", i);
    const wrong many = {text, {0}, NULL, ESPALIER_ERROR_FORMAT,
                        "row 10001 (line 10001), column 2: expected at most 10000 different labels, "
                        "found more: choose the column of the labels by --label"};
    refuse(&many);
    free(text);
}

static void test_not_a_file(void **state)
{
    (void)state;
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    char message[200];
    remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(espalier_dataset_open(path, NULL, NULL, &dataset, &error),
                     ESPALIER_ERROR_FORMAT);
    snprintf(message, sizeof message, "%s: expected a file, found a device or pipe", path);
    assert_string_equal(error.message, message);
    remove(path);
}

static void refuse_options(espalier_table_options table, const char *message)
{
    espalier_dataset_options o = plain();
    espalier_error error = {0};
    o.table = table;
    assert_int_equal(espalier_dataset_options_check(&o, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, message);
}

static void test_options(void **state)
{
    (void)state;
    static const char *const nothing[] = {NULL};
    refuse_options((espalier_table_options){.separator = 'x'},
                   "separator: expected one of , ; | tab and space, found 'x'");
    refuse_options((espalier_table_options){.comment = '"'},
                   "comment: expected a character other than blanks and quotes");
    refuse_options((espalier_table_options){.comment = ';', .separator = ';'},
                   "comment: expected another character than the separator");
    refuse_options((espalier_table_options){.test_fraction = 1},
                   "test_fraction: expected 0 or more and less than 1, found 1");
    refuse_options((espalier_table_options){.test_fraction = NAN},
                   "test_fraction: expected 0 or more and less than 1, found nan");
    refuse_options((espalier_table_options){.test_fraction = 0.1, .test_path = "x"},
                   "test_fraction: has no meaning beside a file with the test rows");
    refuse_options((espalier_table_options){.categories_most = 65535},
                   "categories_most: expected at most 65534, found 65535");
    refuse_options((espalier_table_options){.header = ESPALIER_HEADER_COUNT},
                   "header: expected 0 to 2, found 3");
    refuse_options((espalier_table_options){.decimal = ESPALIER_DECIMAL_COUNT},
                   "decimal: expected 0 to 2, found 3");
    refuse_options((espalier_table_options){.missing = ESPALIER_MISSING_COUNT},
                   "missing: expected 0 to 4, found 5");
    refuse_options((espalier_table_options){.ignored_count = 1},
                   "ignored: expected 1 texts, found NULL");
    refuse_options((espalier_table_options){.categorical = nothing, .categorical_count = 1},
                   "categorical: expected 1 texts, found NULL");
    refuse_options((espalier_table_options){.class_count = 2},
                   "class_names: expected 2 texts, found NULL");
}

/* ---- files of all names, and memory -------------------------------------------------- */

static void test_endings(void **state)
{
    (void)state;
    static const char *const names[] = {"t.csv", "t.tsv", "t.tab", "t.txt", "t.data", "T.CSV"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[100];
        espalier_dataset *dataset = NULL;
        espalier_error error = {0};
        snprintf(name, sizeof name, "%s/%s", folder, names[i]);
        put_file(name, "a b\ty\n1\t0\n2\t1\n", 14);
        if (espalier_dataset_open(name, NULL, NULL, &dataset, &error))
            fail_msg("%s", error.message);
        assert_int_equal(espalier_dataset_input_count(dataset), 1);
        espalier_dataset_destroy(dataset);
    }
}

#ifdef ESPALIER_HAVE_ZLIB
static void test_gzip(void **state)
{
    (void)state;
    static const char text[] = "a,y\n1,0\n2,1\n";
    char name[100];
    size_t packed;
    uint8_t *bytes = gzipped(text, sizeof text - 1, &packed);
    espalier_dataset_options o = plain();
    espalier_dataset *d = open_text(text, &o), *z = NULL;
    snprintf(name, sizeof name, "%s/t.csv.gz", folder);
    put_file(name, bytes, packed);
    assert_int_equal(espalier_dataset_open(name, &o, NULL, &z, NULL), ESPALIER_OK);
    assert_string_equal(espalier_dataset_columns(d), espalier_dataset_columns(z));
    assert_string_equal(show(z, ESPALIER_TRAINING), "0:1;1:2;");
    espalier_dataset_destroy(z);
    espalier_dataset_destroy(d);
    espalier_error error = {0};
    put_file(name, bytes, packed - 4);
    assert_int_equal(espalier_dataset_open(name, &o, NULL, &z, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "t.csv.gz: truncated: expected more gzip data"));
    free(bytes);
}
#endif

/* An allocator that knows the most that was ever out. */
typedef struct peak {
    size_t now, most;
} peak;

static void *peak_allocate(void *context, size_t size_bytes, size_t alignment_bytes)
{
    peak *p = context;
    void *memory = aligned_alloc(alignment_bytes, size_bytes);
    p->now += memory ? malloc_usable_size(memory) : 0;
    p->most = p->now > p->most ? p->now : p->most;
    return memory;
}

static void peak_release(void *context, void *memory)
{
    ((peak *)context)->now -= malloc_usable_size(memory);
    free(memory);
}

/* No more than the rows need, and a fifth; the windows on the file are of a fixed size. */
static void test_memory(void **state)
{
    (void)state;
    enum { ROWS = 60000, COLUMNS = 20, FLOATS = ROWS * COLUMNS * 4, WINDOWS = 400000 };
    char *text = malloc(ROWS * (2 * COLUMNS + 2) + 1), *to = text;
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++) {
        for (int c = 0; c < COLUMNS; c++)
            to += sprintf(to, "%d,", (i + c) % 10);
        to += sprintf(to, "%d\n", i % 2);
    }
    *to = '\0';
    peak p = {0};
    espalier_allocator allocator = {&p, peak_allocate, peak_release};
    espalier_dataset *dataset = NULL;
    put_file(path, text, strlen(text));
    assert_int_equal(espalier_dataset_open(path, NULL, &allocator, &dataset, NULL), ESPALIER_OK);
    assert_in_range(p.most, FLOATS, FLOATS + FLOATS / 5 + WINDOWS);
    espalier_dataset_destroy(dataset);
    assert_int_equal(p.now, 0);
    free(text);
}

static void test_memory_refused(void **state)
{
    (void)state;
    static const char text[] = "a,c,y\n1,u,p\n,v,q\n2,v,p\n4,?,q\n5,u,p\n";
    static const char *const a[] = {"a"};
    for (int way = 0; way < 2; way++) {
        espalier_dataset_options o = espalier_dataset_options_defaults();
        o.table.missing = ESPALIER_MISSING_MEDIAN;
        o.table.test_path = way ? test_path : NULL;
        o.table.test_fraction = way ? 0 : 0.4;
        o.table.categorical = a;
        o.table.categorical_count = (size_t)way;
        put_file(test_path, "a,c,y\n1,u,p\n", 12);
        put_file(path, text, sizeof text - 1);
        espalier_status status = ESPALIER_ERROR_MEMORY;
        for (size_t n = 1; status; n++) {
            meter m = {.refuse_from = n};
            espalier_allocator allocator = meter_allocator(&m);
            espalier_dataset *dataset = NULL;
            espalier_error error = {0};
            status = espalier_dataset_open(path, &o, &allocator, &dataset, &error);
            if (status != ESPALIER_OK && status != ESPALIER_ERROR_MEMORY)
                fail_msg("%s", error.message);
            assert_int_equal(error.status, status);
            espalier_dataset_destroy(dataset);
            assert_int_equal(m.live, 0);
            assert_true(n < 200);
        }
    }
}

/* Every beginning of a table is read or refused, never worse. */
static void test_truncated(void **state)
{
    (void)state;
    static const char text[] = "a,\"c\"\"d\",y\n1,u,p\n2,\"v\nw\",q\n# x\n3.5e1,u,p\n";
    espalier_dataset_options o = espalier_dataset_options_defaults();
    for (size_t length = 0; length <= sizeof text - 1; length++) {
        espalier_dataset *dataset = NULL;
        espalier_error error = {0};
        put_file(path, text, length);
        espalier_status status = espalier_dataset_open(path, &o, NULL, &dataset, &error);
        assert_int_equal(error.status, status);
        assert_int_equal(dataset != NULL, status == ESPALIER_OK);
        espalier_dataset_destroy(dataset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_header_found),
        cmocka_unit_test(test_label_and_ignored),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_categories), cmocka_unit_test(test_mixed_columns),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_known_again),
        cmocka_unit_test(test_fills_of_training_rows),
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_second_file),
        cmocka_unit_test(test_nothing_leaks),
        cmocka_unit_test(test_known_columns),
        cmocka_unit_test(test_known_classes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hardly_classes),
        cmocka_unit_test(test_not_a_file),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_endings),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_gzip),
#endif
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_refused),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
