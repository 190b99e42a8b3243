/* UTF-8: what is one, against what jansson takes for a JSON text. */
#include "base/utf8.h"

#include <jansson.h>
#include <string.h>

#include "test.h"

static void assert_as_jansson(const char *text)
{
    json_t *string = json_string(text);
    if (utf8_is_valid(text) != (string != NULL))
        fail_msg("'%s' (%02x %02x %02x %02x) is told otherwise", text, text[0] & 0xff,
                 text[1] & 0xff, text[2] & 0xff, text[3] & 0xff);
    json_decref(string);
}

/* Bytes at the borders of all ranges, four at a time: whole and cut short. */
static void test_all_borders(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0,    'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
                                          0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0,
                                          0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { COUNT = sizeof bytes };
    for (size_t i = 0; i < (size_t)COUNT * COUNT * COUNT * COUNT; i++) {
        const char text[5] = {(char)bytes[i % COUNT], (char)bytes[i / COUNT % COUNT],
                              (char)bytes[i / COUNT / COUNT % COUNT],
                              (char)bytes[i / COUNT / COUNT / COUNT], '\0'};
        assert_as_jansson(text);
    }
}

static void test_points(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bytes;
        uint32_t point;
    } points[] = {{"a", 1, 'a'}, {"\xc3\xa9", 2, 0xe9}, {"\xe2\x82\xac", 3, 0x20ac},
                  {"\xf0\x9f\x98\x80", 4, 0x1f600}, {"\xf4\x8f\xbf\xbf", 4, 0x10ffff}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        uint32_t point;
        assert_int_equal(utf8_next(points[i].text, &point), points[i].bytes);
        assert_int_equal(point, points[i].point);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_borders),
        cmocka_unit_test(test_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
