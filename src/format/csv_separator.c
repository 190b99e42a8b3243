/* Finding the separator of a table out of its first lines. */
#include "format/csv.h"

#include <string.h>

/* Lines that are looked at. */
enum { LINES_MOST = 100 };

/* Best guess first: what stands on every line equally often is the separator, and a
 * comma may also be a decimal comma, a blank part of a date. */
static const char candidates[] = {'\t', ';', '|', ',', ' '};
enum { CANDIDATES = sizeof candidates };

typedef struct tally {
    size_t lines;  /* records seen */
    size_t first;  /* fields of the first */
    size_t alike;  /* records with as many */
    size_t cut;    /* fields of the first, so far, where not even that one is whole */
} tally;

static bool is_blank(char c, char separator)
{
    return c == ' ' || (c == '\t' && separator != '\t');
}

static bool is_end(char c)
{
    return c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end, char separator)
{
    while (p < end && is_blank(*p, separator))
        p++;
    return p;
}

/* Behind a field that begins at p; *whole says that its end was there. */
static const char *skip_field(const char *p, const char *end, char separator, bool *whole)
{
    if (p < end && *p == '"') {
        for (p++; p < end && !(*p == '"' && (p + 1 == end || p[1] != '"')); p++)
            p += *p == '"';
        p = p < end ? p + 1 : end;
    }
    while (p < end && !is_end(*p) && *p != separator && !(separator == ' ' && *p == '\t'))
        p++;
    *whole = p < end;
    return p;
}

/* Counts the fields of one record; 0 if it is cut off, and *cut says how many there are so far.
 * *text moves behind it. */
static size_t count_fields(const char **text, const char *end, char separator, size_t *cut)
{
    const char *p = skip_blanks(*text, end, separator);
    size_t count = 0;
    for (bool whole = true; p < end && !is_end(*p);) {
        p = skip_field(p, end, separator, &whole);
        count++;
        *cut = count;
        if (!whole)
            return 0;
        if (is_end(*p))
            break;
        p = skip_blanks(p + 1, end, separator);
        if (separator != ' ' && p < end && is_end(*p))
            count++; /* the last field is empty */
    }
    *text = p;
    return p < end ? count : 0;
}

static const char *skip_line(const char *p, const char *end)
{
    while (p < end && !is_end(*p))
        p++;
    return p;
}

static tally count_lines(const char *text, const char *end, char separator, char comment)
{
    tally t = {0};
    size_t cut = 0;
    while (text < end && t.lines < LINES_MOST) {
        if (is_end(*text)) {
            text++;
            continue;
        }
        if (comment && *text == comment) {
            text = skip_line(text, end);
            continue;
        }
        size_t count = count_fields(&text, end, separator, &cut);
        if (count == 0 && text < end && !is_end(*text))
            break; /* cut off */
        if (count == 0)
            continue; /* blank */
        if (t.lines++ == 0)
            t.first = count;
        t.alike += count == t.first;
    }
    t.cut = t.lines ? 0 : cut;
    return t;
}

/* Of a first line that is cut off: the best guess among those that part it into at least half as
 * many fields as any, since a decimal comma stands in a field at most once. */
static char guess_cut(const size_t fields[CANDIDATES], char otherwise)
{
    size_t most = 1;
    for (int i = 0; i < CANDIDATES; i++)
        most = fields[i] > most ? fields[i] : most;
    for (int i = 0; i < CANDIDATES && most > 1; i++)
        if (fields[i] > 1 && 2 * fields[i] >= most)
            return candidates[i];
    return otherwise;
}

/* Where numbers have commas, fields in quotes show one that separates: "1,5","2,5". */
static bool is_quoted_comma(const char *text, size_t bytes, char comment)
{
    bool shown = false;
    for (size_t i = 1; i < bytes; i++)
        shown |= (text[i - 1] == ',' && text[i] == '"') || (text[i - 1] == '"' && text[i] == ',');
    tally t = shown ? count_lines(text, text + bytes, ',', comment) : (tally){0};
    return t.first > 1 && t.alike == t.lines;
}

char csv_guess(const char *text, size_t bytes, const csv_dialect *dialect)
{
    char best = ',';
    double best_share = 0;
    size_t cut[CANDIDATES] = {0};
    for (int i = 0; i < CANDIDATES; i++) {
        char separator = candidates[i];
        if (separator == ',' && dialect->decimal_comma)
            continue;
        tally t = count_lines(text, text + bytes, separator, dialect->comment);
        cut[i] = t.cut;
        double share = t.lines && t.first > 1 ? (double)t.alike / (double)t.lines : 0;
        if (share > best_share) {
            best_share = share;
            best = separator;
        }
    }
    if (best_share == 0 && dialect->decimal_comma && is_quoted_comma(text, bytes, dialect->comment))
        return ',';
    return best_share > 0 ? best : guess_cut(cut, dialect->decimal_comma ? ';' : ',');
}
