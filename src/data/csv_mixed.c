/* Columns that are text because their first value is, while most of their values look like
 * numbers: mostly a word for a missing value, or numbers in a form that is not read. */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv_table.h"
#include "format/decimal.h"

/* What people write around a number, and blanks between its thousands. */
static const char *const marks[] = {" ",      "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89",
                                    "%",      "$",        "\xE2\x82\xAC", /* euro */
                                    "\xC2\xA3", "\xC2\xA5"};              /* pound, yen */
static const char minus[] = "\xE2\x88\x92"; /* U+2212 */
static const char digits[] = "0123456789";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Bytes of the mark that a text begins with, or 0. */
static size_t mark_bytes(const char *text)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (begins(text, marks[i]))
            return strlen(marks[i]);
    return 0;
}

/* A value without the marks at its ends, and with nothing between its thousands; anything else
 * stays, and is no number then. Returns the length. */
static size_t strip(const char *text, char point, char to[COLUMN_TEXT_MOST + 1])
{
    const char *const thousands = point == ',' ? ".'" : ",'";
    size_t count = 0;
    bool begun = false;
    while (*text) {
        const size_t mark = mark_bytes(text), skipped = mark ? mark : strchr(thousands, *text) != NULL;
        const bool ends = mark && (!begun || !strpbrk(text, digits));
        const bool group = skipped && begun && strspn(text + skipped, digits) == 3;
        if (begins(text, minus)) {
            to[count++] = '-';
            text += sizeof minus - 1;
        } else if (ends || group) {
            text += skipped;
        } else {
            begun |= isdigit((unsigned char)*text) != 0;
            to[count++] = *text++;
        }
    }
    return count;
}

static size_t count_numbers(const columns *c, const column *one)
{
    const char point = c->decimal_comma ? ',' : '.';
    char text[COLUMN_TEXT_MOST + 1];
    size_t count = 0;
    float value;
    for (size_t i = 0; i < one->values.count; i++) {
        const size_t length = strip(one->values.texts[i], point, text);
        count += decimal_float(text, length, point, &value) == DECIMAL_NUMBER;
    }
    return count;
}

bool csv_is_mixed(const columns *c, const column *one)
{
    return one->kind == COLUMN_CATEGORY && !one->asked && count_numbers(c, one) > one->values.count / 2;
}

static void describe(const columns *c, const column *one, espalier_mixed_column *to)
{
    memcpy(to->text, one->values.texts[0], strlen(one->values.texts[0]));
    if (one->name)
        memcpy(to->name, one->name, strlen(one->name));
    to->position = one->position;
    to->values = one->values.count;
    to->numbers = count_numbers(c, one);
}

espalier_status csv_list_mixed(const columns *c, espalier_dataset *dataset, espalier_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += csv_is_mixed(c, &c->items[i]);
    if (count == 0)
        return ESPALIER_OK;
    dataset->mixed = memory_array(dataset->allocator, count, sizeof *dataset->mixed);
    if (!dataset->mixed)
        return error_memory(error);
    for (size_t i = 0; i < c->count; i++)
        if (csv_is_mixed(c, &c->items[i]))
            describe(c, &c->items[i], &dataset->mixed[dataset->mixed_count++]);
    return ESPALIER_OK;
}
