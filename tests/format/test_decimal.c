/* Numbers from text, against the C library's. */
#include <float.h>
#include <locale.h>
#include <math.h>

#include "base/random.h"
#include "format/decimal.h"
#include "test.h"

static uint64_t drawn;

static uint64_t draw(uint64_t bound)
{
    return random_below(5, random_stream(RANDOM_TEST, 0), drawn++, bound);
}

static void expect_bits(const char *text, float expected)
{
    float value = 17;
    decimal_kind kind = decimal_float(text, strlen(text), '.', &value);
    decimal_kind right = isfinite(expected) ? DECIMAL_NUMBER : DECIMAL_NOT_FINITE;
    if (kind != right || memcmp(&value, &expected, sizeof value) != 0)
        fail_msg("%s: expected %a, found %a (kind %d)", text, (double)expected, (double)value, kind);
}

static void expect_like_strtof(const char *text)
{
    double wide, expected = strtod(text, NULL);
    expect_bits(text, strtof(text, NULL));
    decimal_kind kind = decimal_double(text, strlen(text), '.', &wide);
    assert_int_equal(kind, isfinite(expected) ? DECIMAL_NUMBER : DECIMAL_NOT_FINITE);
    if (memcmp(&wide, &expected, sizeof wide) != 0)
        fail_msg("%s: expected %a, found %a", text, expected, wide);
}

static void test_plain(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",      "-0",     "1",      "-1",       "+1",        "1.",       ".5",       "-.5",
        "007",    "3.14",   "1e3",    "1E3",      "1e+3",      "1e-3",     "12345678", "0.1",
        "0.0000", "0e9999", "-0.0e5", "16777217", "16777219",  "33554435", "1e22",     "1e23",
        "1e38",   "3.4e38", "3.5e38", "1e39",     "-1e39",     "1e-37",    "1e-38",    "1e-39",
        "1e-45",  "7e-46",  "8e-46",  "1e-46",    "1e-99999",  "1e99999",  "1e999999999999999999999",
        "1e-999999999999999999999", "340282346638528859811704183484516925440",
        "340282356779733661637539395458142568447", "340282356779733661637539395458142568448",
        "0.000000000000000000000000000000000000000000001401298464324817",
        "9007199254740993", "18446744073709551615", "18446744073709551616", "99999999999999999999",
        "123456789012345678901234567890", "0.00000000000000000000000000001234567890123456789",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_like_strtof(texts[i]);
}

static void test_not_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "-",   "+",     ".",   "-.",   "e5",   "1e",     "1e+",  "1e5.0", "1.2.3", "1,5",
        "0x1", "1 ",  " 1",    "1f",  "--1",  "+-1",  "1_000",  "1 000", "1'000", "nano", "infin",
        "in",  "- 1", "1e 5",  "１",  "one",  "NaNs", "1-2",    "1e5e5", "..1",   "1..",  "infinityy",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float value = 17;
        double wide = 17;
        if (decimal_float(texts[i], strlen(texts[i]), '.', &value) != DECIMAL_TEXT)
            fail_msg("'%s' was read as %g", texts[i], (double)value);
        assert_int_equal(decimal_double(texts[i], strlen(texts[i]), '.', &wide), DECIMAL_TEXT);
        assert_true(value == 17 && wide == 17);
    }
}

static void test_words(void **state)
{
    (void)state;
    static const char *const infinite[] = {"inf", "INF", "+Infinity", "infinity", "1e39"};
    static const char *const negative[] = {"-inf", "-INFINITY", "-1e50"};
    static const char *const none[] = {"nan", "NaN", "-nan", "+NAN"};
    float value;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(decimal_float(infinite[i], strlen(infinite[i]), '.', &value),
                         DECIMAL_NOT_FINITE);
        assert_true(isinf(value) && value > 0);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decimal_float(negative[i], strlen(negative[i]), '.', &value),
                         DECIMAL_NOT_FINITE);
        assert_true(isinf(value) && value < 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(decimal_float(none[i], strlen(none[i]), '.', &value), DECIMAL_NOT_FINITE);
        assert_true(isnan(value));
    }
}

/* The text may end before its memory does, and commas are points where asked for. */
static void test_point_and_length(void **state)
{
    (void)state;
    float value;
    assert_int_equal(decimal_float("3,25;7", 4, ',', &value), DECIMAL_NUMBER);
    assert_true(value == 3.25f);
    assert_int_equal(decimal_float("3.25", 4, ',', &value), DECIMAL_TEXT);
    assert_int_equal(decimal_float("3.258", 4, '.', &value), DECIMAL_NUMBER);
    assert_true(value == 3.25f);
    assert_int_equal(decimal_float("1,234.5", 7, '.', &value), DECIMAL_TEXT);
}

/* Any float with 9 digits, any double with 17, comes back; so does every rounding of a
 * random number of digits. */
static void test_random(void **state)
{
    (void)state;
    char text[64];
    for (int i = 0; i < 300000; i++) {
        uint32_t pattern = (uint32_t)draw((uint64_t)1 << 32);
        float value;
        memcpy(&value, &pattern, sizeof value);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*g", i % 3 ? 9 : (int)draw(9) + 1, (double)value);
        if (i % 3)
            expect_bits(text, value);
        expect_like_strtof(text);
        snprintf(text, sizeof text, "%.17g", (double)value * (1 + (double)draw(1000) * 1e-12));
        expect_like_strtof(text);
    }
}

static void test_random_digits(void **state)
{
    (void)state;
    char text[64];
    for (int i = 0; i < 300000; i++) {
        size_t digits = 1 + (size_t)draw(25), point = (size_t)draw(digits + 1), used = 0;
        if (draw(2))
            text[used++] = '-';
        for (size_t d = 0; d <= digits; d++)
            if (d == point)
                text[used++] = '.';
            else
                text[used++] = (char)('0' + draw(10));
        text[used] = '\0';
        if (draw(2))
            snprintf(text + used, sizeof text - used, "e%d", (int)draw(100) - 50);
        expect_like_strtof(text);
    }
}

/* Halfway between two neighbouring floats, and a last digit above and below. */
static void test_halfway(void **state)
{
    (void)state;
    char text[400];
    for (int i = 0; i < 20000; i++) {
        uint32_t pattern = (uint32_t)draw(0x7f7fffff);
        if (i % 4 == 0)
            pattern &= 0x7fffff; /* subnormal */
        float below, above;
        memcpy(&below, &pattern, sizeof below);
        pattern++;
        memcpy(&above, &pattern, sizeof above);
        double middle = ((double)below + (double)above) / 2;
        snprintf(text, sizeof text, "%.160e", middle); /* all of its digits */
        char *exponent = strchr(text, 'e'), tail[16];
        strcpy(tail, exponent);
        expect_bits(text, pattern % 2 ? below : above); /* ties to even */
        sprintf(exponent, "1%s", tail);
        expect_bits(text, above);
        sprintf(exponent, "0000000000000000000000001%s", tail);
        expect_bits(text, above);
        snprintf(text, sizeof text, "%.17g", middle);
        expect_like_strtof(text);
        snprintf(text, sizeof text, "%.17g", nextafter(middle, 0));
        expect_bits(text, below);
        snprintf(text, sizeof text, "%.17g", nextafter(middle, 1e300));
        expect_bits(text, above);
    }
}

/* Digits by the thousand: only their sum counts. */
static void test_long_texts(void **state)
{
    (void)state;
    enum { LONG = 5000 };
    static char text[LONG + 40];
    memset(text, '0', LONG);
    memcpy(text, "0.", 2);
    strcpy(text + LONG, "125e5000");
    expect_like_strtof(text);
    memset(text, '9', LONG);
    strcpy(text + LONG, "e-5000");
    expect_bits(text, 1.0f);
    memset(text, '0', LONG);
    memcpy(text, "16777217", 8); /* halfway */
    strcpy(text + LONG, "e-4992");
    expect_bits(text, 16777216.0f);
    text[LONG - 1] = '1';
    expect_bits(text, 16777218.0f);
}

/* A language with decimal commas changes nothing, where the system has one. */
static void test_language(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
    bool found = false;
    for (size_t i = 0; i < 4 && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    expect_bits("16777217.5", 16777218.0f);
    expect_bits("0.12345678901234567890123", 0.12345679f);
    setlocale(LC_ALL, "C");
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_not_numbers),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_point_and_length),
        cmocka_unit_test(test_random),   cmocka_unit_test(test_random_digits),
        cmocka_unit_test(test_halfway),  cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
