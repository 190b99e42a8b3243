/* C text: floats that read back, arrays, and comments that stay comments. */
#define _POSIX_C_SOURCE 200809L
#include "export/c_print.h"

#include <locale.h>
#include <math.h>

#include "base/random.h"
#include "base/test_files.h"

#define FILE_NAME "test_c_print.txt"

/* What was written to the file by `put`. */
static char *written(void (*put)(c_out *out, const void *what), const void *what)
{
    espalier_error error = {0};
    c_out out = {.name = "net", .error = &error};
    size_t count;
    assert_int_equal(writer_open(FILE_NAME, NULL, &out.file, &error), ESPALIER_OK);
    put(&out, what);
    assert_int_equal(writer_commit(out.file, &error), ESPALIER_OK);
    char *text = (char *)get_file(FILE_NAME, &count);
    text[count] = '\0';
    return text;
}

/* ---- floats ----------------------------------------------------------- */

static void check_float(float value)
{
    char text[C_FLOAT_BYTES], *end;
    c_float(value, text);
    const size_t length = strlen(text);
    assert_int_equal(text[length - 1], 'f');
    assert_non_null(strpbrk(text, ".e"));
    assert_null(strchr(text, ','));
    text[length - 1] = '\0';
    setlocale(LC_NUMERIC, "C");
    const float back = strtof(text, &end);
    assert_int_equal(*end, '\0');
    assert_memory_equal(&back, &value, sizeof value);
}

static void test_floats(void **state)
{
    (void)state;
    static const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 0.1f, 1e-45f, 1.17549435e-38f,
                                    3.40282347e38f, 16777216.0f, 1e10f, 0.333333343f};
    static const char *const locales[] = {"C", "de_DE.UTF-8", "de_DE", "fa_IR.UTF-8", "ps_AF.UTF-8"};
    for (size_t l = 0; l < sizeof locales / sizeof *locales; l++) {
        for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
            setlocale(LC_NUMERIC, locales[l]); /* stays as it is where there is no such */
            check_float(special[i]);
        }
    }
    for (uint64_t i = 0; i < 20000; i++) {
        const uint32_t bits = (uint32_t)random_bits(1, 2, i);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_float(value);
    }
}

/* ---- arrays ----------------------------------------------------------- */

static void put_arrays(c_out *out, const void *what)
{
    (void)what;
    c_array_begin(out, "int32_t", "some", 2, 30);
    for (int i = 0; i < 30; i++)
        c_item_whole(out, i == 3 ? INT32_MIN : 1000000 * i);
    c_array_end(out);
    c_array_begin(out, "uint8_t", "none", 0, 0);
    c_array_end(out);
}

static void test_arrays(void **state)
{
    (void)state;
    char *text = written(put_arrays, NULL);
    assert_non_null(strstr(text, "static const int32_t net_some2[30] = {\n    0, 1000000, 2000000, "
                                 "-2147483647 - 1, 4000000, "));
    assert_non_null(strstr(text, "28000000, 29000000\n};\n"));
    assert_non_null(strstr(text, "static const uint8_t net_none[1] = {\n    0\n};\n"));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 100);
    free(text);
}

/* ---- comments --------------------------------------------------------- */

static void put_comment(c_out *out, const void *what)
{
    c_put(out, "/* \"");
    c_put_text(out, what);
    c_put(out, "\" */");
}

static void check_comment(const char *given, const char *expected)
{
    char *text = written(put_comment, given), whole[400];
    snprintf(whole, sizeof whole, "/* \"%s\" */", expected);
    assert_string_equal(text, whole);
    free(text);
}

static void test_comments(void **state)
{
    (void)state;
    check_comment("plain", "plain");
    check_comment("a */ b", "a * / b");
    check_comment("/* // **/", "/ * / / ** /");
    check_comment("?" "?/ ?" "?" "?", "? ?/ ? ? ?");
    check_comment("line\nline\r\t\x7f", "line?line? ? ?");
    check_comment("\\", "\\");
    check_comment("$@%s", "$@%s");
    check_comment("Gr\xc3\xb6\xc3\x9f" "e \xf0\x9f\x98\x80", "Gr\xc3\xb6\xc3\x9f" "e \xf0\x9f\x98\x80");
    check_comment("\xe2\x80\xae" "a\xe2\x81\xa6", "?a?");       /* turns of direction */
    check_comment("\xe2\x80\xa8\xc2\x85", "? ?");               /* ends of lines */
    check_comment("\xff\xc3 \xe2\x82", "? ? ? ?");              /* no UTF-8 */
    check_comment("*\xff/", "*?/");
}

enum { COMMENTS = 2000 };

static void put_any(c_out *out, const void *what)
{
    (void)what;
    static const char part[] = "*/?\\\n\"a\xe2\x80\xae";
    for (uint64_t round = 0; round < COMMENTS; round++) {
        char given[16] = "";
        for (size_t i = 0; i < sizeof given - 1; i++)
            given[i] = part[random_below(3, 4, round * 16 + i, sizeof part - 1)];
        put_comment(out, given);
        c_put(out, "\n");
    }
}

/* Whatever it is: no end of the comment, no second line, no trigraph. */
static void test_any_comment(void **state)
{
    (void)state;
    char *text = written(put_any, NULL), *line = text;
    size_t lines = 0;
    assert_null(strstr(text, "??"));
    for (char *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        *end = '\0';
        assert_ptr_equal(strstr(line + 2, "*/"), end - 2);
        assert_null(strstr(line + 2, "/*"));
    }
    assert_int_equal(lines, COMMENTS);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_any_comment),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(FILE_NAME);
    return failed;
}
