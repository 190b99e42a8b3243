/* The tokenizer: what is written in any dialect is read back, and what is wrong is named
 * by its place. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/random.h"
#include "base/test_allocator.h"
#include "base/test_files.h"
#include "format/csv.h"
#include "test.h"

static char folder[] = "csv-XXXXXX";
static char path[64];
static uint64_t drawn;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static size_t draw(size_t bound)
{
    return (size_t)random_below(7, random_stream(RANDOM_TEST, 0), drawn++, bound);
}

static csv *open_text(const char *text, size_t length, const csv_dialect *dialect)
{
    csv *in;
    espalier_error error = {0};
    put_file(path, text, length);
    if (csv_open(path, dialect, NULL, &in, &error))
        fail_msg("%s", error.message);
    return in;
}

/* Reads a text and writes it as "[a][b]|[c]|": records, with the line before each. */
static void expect(const char *text, const char *shown)
{
    char found[2000] = "";
    csv *in = open_text(text, strlen(text), NULL);
    csv_record record;
    espalier_error error = {0};
    for (;;) {
        if (csv_next(in, &record, &error))
            fail_msg("%s", error.message);
        if (record.count == 0)
            break;
        sprintf(found + strlen(found), "%d", (int)record.line);
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(strlen(record.fields[i].text), record.fields[i].length);
            sprintf(found + strlen(found), record.fields[i].quoted ? "{%s}" : "[%s]",
                    record.fields[i].text);
        }
        strcat(found, "|");
    }
    assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
    assert_int_equal(record.count, 0); /* the end stays */
    assert_string_equal(found, shown);
    csv_close(in);
}

static void test_records(void **state)
{
    (void)state;
    expect("", "");
    expect("\n\n  \n", "");
    expect("a,b\n1,2\n", "1[a][b]|2[1][2]|");
    expect("a,b\n1,2", "1[a][b]|2[1][2]|");
    expect("a,b\r\n1,2\r\n", "1[a][b]|2[1][2]|");
    expect("a,b\r1,2\r", "1[a][b]|2[1][2]|");
    expect("a,b\n\n\r\n  \n1,2\n", "1[a][b]|5[1][2]|");
    expect("\xef\xbb\xbf" "a,b\n", "1[a][b]|");
    expect("# x, y\na,b\n#1,2\n1,2\n#", "2[a][b]|4[1][2]|");
    expect("a,#b\n", "1[a][#b]|");
    expect("#N/A,1\n#N/A\n#N/Ab,3\n#N/", "1[#N/A][1]|2[#N/A]|");
    expect("a,,c\n,,\n", "1[a][][c]|2[][][]|");
    expect(" a , b c  , d\n\te\t,f,g\n", "1[a][b c][d]|2[e][f][g]|");
    expect("x\n", "1[x]|");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("\"a\",\"b,c\"\n", "1{a}{b,c}|");
    expect("\"a\"\"b\",\"\"\"\",\"\"\n", "1{a\"b}{\"}{}|");
    expect("\"a\nb\",c\n\"\r\n\",d\n", "1{a\nb}[c]|3{\r\n}[d]|");
    expect(" \"a\" , \" b \" \n", "1{a}{ b }|");
    expect("5\" disk,x\"\"y\n", "1[5\" disk][x\"\"y]|");
    expect("\"a\",b", "1{a}[b]|");
    expect("a,\"b\"", "1[a]{b}|");
    expect("\"#a\",b\n", "1{#a}[b]|");
    expect("\"\"\n", "1{}|");
}

static void test_separators(void **state)
{
    (void)state;
    expect("a;b\n1,5;2,5\n", "1[a][b]|2[1,5][2,5]|");
    expect("a\tb\n1 2\t\n", "1[a][b]|2[1 2][]|");
    expect("a|b\nx y|2\n", "1[a][b]|2[x y][2]|");
    expect("a b  c\n 1\t2   3 \n", "1[a][b][c]|2[1][2][3]|");
    expect("a  \"b c\" d\n", "1[a]{b c}[d]|");
    expect("\"a;b\",c\n\"1;2\",3\n", "1{a;b}[c]|2{1;2}[3]|");
    expect("time,x\n2020-01-01 10:00,1\n", "1[time][x]|2[2020-01-01 10:00][1]|");
    expect("a, b\n1, 2\n", "1[a][b]|2[1][2]|");
    expect("sep=;\na,b;c\n1,2;3\n", "2[a,b][c]|3[1,2][3]|");
    expect("\xef\xbb\xbf" "SEP=,\r\na;b,c\r\n", "2[a;b][c]|");
    expect("sep=\t\na,b\tc\n", "2[a,b][c]|");
    expect("sep=,b\n1,2\n", "1[sep=][b]|2[1][2]|");
    expect("sep=\n1\n", "1[sep=]|2[1]|");
}

static char guess(const char *text, const csv_dialect *dialect)
{
    return csv_guess(text, strlen(text), dialect);
}

static void test_guess(void **state)
{
    (void)state;
    csv_dialect comma = {.decimal_comma = true, .comment = '#'}, plain = csv_dialect_defaults();
    static const char cut[] = "a,b\n1,2\n3;4;5";
    assert_int_equal(guess("1,5 2,5\n3,5 4,5\n", &comma), ' ');
    assert_int_equal(guess("1,5 2,5\n3,5 4,5\n", &plain), ',');
    assert_int_equal(guess("1,5\n", &comma), ';');
    assert_int_equal(guess("\"1,5\",\"2,5\"\n3,\"4,5\"\n", &comma), ',');
    assert_int_equal(guess("\"1,5\"\n\"3,5\"\n", &comma), ';');
    assert_int_equal(guess("\"1,5\",2\n1,2,3\n", &comma), ';');
    assert_int_equal(guess("\"1,5\";\"2,5\"\n\"a\",\"\";\"b\"\n", &comma), ';');
    assert_int_equal(guess("15\n", &plain), ',');
    assert_int_equal(guess("#a;b\n1,2\n", &plain), ',');
    assert_int_equal(csv_guess(cut, sizeof cut - 1, &plain), ',');
    assert_int_equal(guess("a,b;c\n1,2;3\n4,5;6,7\n", &plain), ';');
    assert_int_equal(guess("\"a\nb\";c\n\"d\";e\n", &plain), ';');
}

/* A first line longer than what is looked at. */
static void test_guess_of_a_cut_line(void **state)
{
    (void)state;
    csv_dialect comma = {.decimal_comma = true}, plain = csv_dialect_defaults();
    assert_int_equal(guess("1;2;3;4", &plain), ';');
    assert_int_equal(guess("1,5;2,5;3,5", &plain), ';');
    assert_int_equal(guess("1,5 2,5 3,5", &comma), ' ');
    assert_int_equal(guess("a|b,c,d,e,f", &plain), ',');
    assert_int_equal(guess("\"a;b;c;d;e\",f,g", &plain), ',');
    assert_int_equal(guess("15", &plain), ',');
    assert_int_equal(guess("15", &comma), ';');
}

static void refuse(const char *text, size_t length, const csv_dialect *dialect,
                   const char *message)
{
    char whole[300];
    csv *in = NULL;
    csv_record record = {.count = 1};
    espalier_error error = {0};
    put_file(path, text, length);
    espalier_status status = csv_open(path, dialect, NULL, &in, &error);
    while (!status && record.count > 0)
        status = csv_next(in, &record, &error);
    snprintf(whole, sizeof whole, "%s: %s", path, message);
    assert_string_equal(error.message, whole);
    assert_int_equal(status, ESPALIER_ERROR_FORMAT);
    csv_close(in);
}

static void test_refused(void **state)
{
    (void)state;
#define REFUSE(text, message) refuse(text, sizeof text - 1, NULL, message)
    REFUSE("a,b\n1,\"2\n3,4\n",
           "line 2, column 2: expected a closing quote, found the end of the file");
    REFUSE("\"", "line 1, column 1: expected a closing quote, found the end of the file");
    REFUSE("a,b\n\"1\"x,2\n", "line 2, column 1: expected a separator or the end of the line, "
                              "found 'x' behind the closing quote");
    REFUSE("a,\"b\nc\"\"\" d\n", "line 2, column 2: expected a separator or the end of the line, "
                                 "found 'd' behind the closing quote");
    REFUSE("a,b\n1,\0002\n", "line 2, column 2: expected text, found a zero byte");
    REFUSE("a,b\n1,\"\0\"\n", "line 2, column 2: expected text, found a zero byte");
    REFUSE("\xff\xfe" "a\0b\0", "expected UTF-8 text, found UTF-16: save it as UTF-8");
    REFUSE("\xfe\xff\0a\0b", "expected UTF-8 text, found UTF-16: save it as UTF-8");
    REFUSE("PK\3\4xxxx", "expected a table as text, found a zip archive (as .xlsx is): unpack it, or save "
                         "the sheet as CSV");
    REFUSE("PAR1\x15\0", "expected a table as text, found a Parquet file: save it as CSV");
    char *wide = malloc(2000001);
    assert_non_null(wide);
    memset(wide, ',', 2000000);
    refuse(wide, 2000000, NULL,
           "line 1, column 1048577: expected at most 1048576 fields in a record, found more");
    memset(wide, 'x', 2000000);
    csv_dialect narrow = {.record_bytes_most = 1000000};
    refuse(wide, 2000000, &narrow, "line 1: expected a record of at most 1000000 bytes, found more: "
                                   "do quotes close?");
    free(wide);
}

/* ---- random tables in random dialects ------------------------------------- */

enum { TEXT_MOST = 300000, CELL_MOST = 40 };

typedef struct table {
    size_t rows, columns;
    char (*cells)[CELL_MOST];
} table;

static void draw_cell(char cell[CELL_MOST])
{
    static const char letters[] = "abc019.-+ \t,;|\"\n\r#'\xc3\xa4";
    size_t length = draw(6) ? draw(8) : draw(CELL_MOST);
    for (size_t i = 0; i < length; i++)
        cell[i] = letters[draw(draw(2) ? 8 : sizeof letters - 1)];
    cell[length] = '\0';
}

static bool needs_quotes(const char *cell, char separator, bool first, bool alone)
{
    size_t length = strlen(cell);
    return strchr(cell, separator) || strpbrk(cell, "\n\r") || cell[0] == '"' ||
           (length && strchr(" \t", cell[0])) || (length && strchr(" \t", cell[length - 1])) ||
           (separator == ' ' && (!length || strchr(cell, '\t'))) || (first && cell[0] == '#') ||
           (alone && !length);
}

static void write_cell(char **to, const char *cell, bool quoted)
{
    if (!quoted) {
        *to += sprintf(*to, "%s", cell);
        return;
    }
    *(*to)++ = '"';
    for (; *cell; cell++) {
        if (*cell == '"')
            *(*to)++ = '"';
        *(*to)++ = *cell;
    }
    *(*to)++ = '"';
}

static void write_noise(char **to, const char *line_end)
{
    if (draw(10) == 0)
        *to += sprintf(*to, "# a comment, \"with\" things;%s", line_end);
    if (draw(10) == 0)
        *to += sprintf(*to, "%s", line_end);
}

static size_t write_table(char *text, const table *t, char separator, const char *line_end)
{
    char *to = text;
    if (draw(4) == 0)
        to += sprintf(to, "\xef\xbb\xbf");
    for (size_t r = 0; r < t->rows; r++) {
        write_noise(&to, line_end);
        for (size_t c = 0; c < t->columns; c++) {
            const char *cell = t->cells[r * t->columns + c];
            if (c > 0)
                *to++ = separator;
            if (separator == ' ' && c > 0 && draw(3) == 0)
                to += sprintf(to, " \t ");
            write_cell(&to, cell, draw(4) == 0 || needs_quotes(cell, separator, c == 0,
                                                               t->columns == 1));
        }
        if (r + 1 < t->rows || draw(2))
            to += sprintf(to, "%s", line_end);
    }
    return (size_t)(to - text);
}

static void expect_table(csv *in, const table *t)
{
    csv_record record;
    espalier_error error = {0};
    for (size_t r = 0; r < t->rows; r++) {
        if (csv_next(in, &record, &error))
            fail_msg("%s", error.message);
        assert_int_equal(record.count, t->columns);
        for (size_t c = 0; c < t->columns; c++)
            assert_string_equal(record.fields[c].text, t->cells[r * t->columns + c]);
    }
    assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
    assert_int_equal(record.count, 0);
}

static void test_random_tables(void **state)
{
    (void)state;
    static const char separators[] = ",;\t| ";
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    static char text[TEXT_MOST];
    static char cells[2000][CELL_MOST];
    for (int trial = 0; trial < 400; trial++) {
        char separator = separators[draw(5)];
        table t = {1 + draw(40), 1 + draw(trial % 10 ? 6 : 50), cells};
        csv_dialect dialect = {.separator = separator, .comment = '#'};
        for (size_t i = 0; i < t.rows * t.columns; i++)
            draw_cell(cells[i]);
        csv *in = open_text(text, write_table(text, &t, separator, line_ends[draw(3)]), &dialect);
        expect_table(in, &t);
        csv_close(in);
    }
}

/* Records that lie across the ends of the window, and one that is longer than it. */
static void test_long(void **state)
{
    (void)state;
    enum { LINES = 40000 };
    char *text = malloc(3000000), *to = text;
    assert_non_null(text);
    for (int i = 0; i < LINES; i++) {
        to += sprintf(to, "%d,\"x\"\"%d\ny\"\r\n", i, 7 * i);
        if (i == LINES / 2) {
            *to++ = '"';
            memset(to, 'z', 1000000);
            to += 1000000;
            to += sprintf(to, "\",\r\n");
        }
    }
    csv *in = open_text(text, (size_t)(to - text), NULL);
    for (int i = 0; i < LINES; i++) {
        char second[40], first[40];
        csv_record record;
        espalier_error error = {0};
        sprintf(first, "%d", i);
        sprintf(second, "x\"%d\ny", 7 * i);
        assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
        assert_int_equal(record.count, 2);
        assert_int_equal(record.line, 2 * i + 1 + (i > LINES / 2));
        assert_string_equal(record.fields[0].text, first);
        assert_string_equal(record.fields[1].text, second);
        if (i != LINES / 2)
            continue;
        assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
        assert_int_equal(record.fields[0].length, 1000000);
        assert_int_equal(record.count, 2);
    }
    assert_int_equal(csv_bytes(in), to - text);
    csv_close(in);
    free(text);
}

/* Byte by byte through a pipe, as a slow sender writes: each record is handed out as soon
 * as its line has ended. */
static void test_standard_input(void **state)
{
    (void)state;
    static const char text[] = "a;b\r\n1;\"2\n3\"\r\n4;5";
    int pipes[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        for (size_t i = 0; i < sizeof text - 1; i++)
            if (write(pipes[1], text + i, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(pipes[1]);
    dup2(pipes[0], STDIN_FILENO);
    close(pipes[0]);
    csv *in;
    csv_record record;
    espalier_error error = {0};
    assert_int_equal(csv_open("-", NULL, NULL, &in, &error), ESPALIER_OK);
    assert_string_equal(csv_path(in), "standard input");
    assert_int_equal(csv_separator(in), ';');
    static const char *const fields[] = {"a", "b", "1", "2\n3", "4", "5"};
    for (int r = 0; r < 3; r++) {
        assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
        assert_int_equal(record.count, 2);
        for (size_t c = 0; c < 2; c++)
            assert_string_equal(record.fields[c].text, fields[2 * r + (int)c]);
    }
    assert_int_equal(csv_next(in, &record, &error), ESPALIER_OK);
    assert_int_equal(record.count, 0);
    csv_close(in);
    dup2(saved, STDIN_FILENO);
    close(saved);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

#ifdef ESPALIER_HAVE_ZLIB
/* Gzipped data through a pipe, whole and cut. */
static void test_gzip_on_standard_input(void **state)
{
    (void)state;
    size_t packed;
    uint8_t *bytes = gzipped("a,b\n1,2\n", 8, &packed);
    for (size_t cut = 0; cut < 6; cut += 5) {
        int pipes[2], saved = dup(STDIN_FILENO);
        csv *in = NULL;
        csv_record record = {.count = 1};
        espalier_error error = {0};
        assert_int_equal(pipe(pipes), 0);
        assert_int_equal(write(pipes[1], bytes, packed - cut), packed - cut);
        close(pipes[1]);
        dup2(pipes[0], STDIN_FILENO);
        close(pipes[0]);
        espalier_status status = csv_open("-", NULL, NULL, &in, &error);
        while (!status && record.count > 0)
            status = csv_next(in, &record, &error);
        assert_int_equal(status, cut ? ESPALIER_ERROR_FORMAT : ESPALIER_OK);
        assert_string_equal(error.message, cut ? "standard input: truncated: expected more gzip data, "
                                                 "found the end" : "");
        csv_close(in);
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
    free(bytes);
}

static void test_gzip(void **state)
{
    (void)state;
    size_t packed;
    uint8_t *bytes = gzipped("a,b\n1,2\n", 8, &packed);
    csv *in = open_text((char *)bytes, packed, NULL);
    csv_record record;
    assert_int_equal(csv_next(in, &record, NULL), ESPALIER_OK);
    assert_string_equal(record.fields[1].text, "b");
    assert_int_equal(csv_next(in, &record, NULL), ESPALIER_OK);
    assert_string_equal(record.fields[1].text, "2");
    csv_close(in);
    free(bytes);
}
#endif

static void test_memory_refused(void **state)
{
    (void)state;
    enum { WIDE = 600000 };
    char *text = malloc(WIDE);
    assert_non_null(text);
    memset(text, ',', WIDE);
    put_file(path, text, WIDE);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t n = 1; status; n++) {
        meter m = {.refuse_from = n};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_error error = {0};
        csv_record record;
        csv *in = NULL;
        status = csv_open(path, NULL, &allocator, &in, &error);
        if (!status)
            status = csv_next(in, &record, &error);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(error.status, status);
        csv_close(in);
        assert_int_equal(m.live, 0);
        assert_true(n < 40);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_separators),
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_guess_of_a_cut_line),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_random_tables),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_standard_input),
#ifdef ESPALIER_HAVE_ZLIB
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_on_standard_input),
#endif
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
