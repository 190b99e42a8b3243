/* The tokenizer: a window of the file moves on record by record; fields are cut where
 * they lie. How the separator is found is csv_separator.c. */
#include "format/csv.h"

#include <string.h>
#include <strings.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/memory.h"

/* The window at first; it grows to hold one record. Scans look at so many bytes at once,
 * and may read so far behind its end. */
enum { WINDOW_BYTES = 1 << 18, SAMPLE_BYTES = 1 << 16, FIELDS_AT_FIRST = 64, STRIDE = 16 };

struct csv {
    const espalier_allocator *allocator;
    reader *in;
    csv_dialect dialect;
    bool stops[256]; /* bytes that end an unquoted field, or are not allowed in one */
    char *window;    /* [capacity + STRIDE]; the byte at `end` is a '\n', so that scans stop */
    size_t capacity, begin, end;
    bool ended; /* nothing comes behind the window */
    uint64_t line; /* of the byte at `begin` */
    uint64_t head;
    csv_field *fields;
    size_t room;
};

csv_dialect csv_dialect_defaults(void)
{
    return (csv_dialect){.comment = '#'};
}

/* ---- the window --------------------------------------------------------- */

static espalier_status widen(csv *in, espalier_error *error)
{
    size_t wider = 2 * in->capacity;
    if (in->end >= in->dialect.record_bytes_most)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: line %llu: expected a record of at most %zu bytes, found more: do "
                         "quotes close?",
                         csv_path(in), (unsigned long long)in->line, in->dialect.record_bytes_most);
    char *window = memory_array(in->allocator, wider + STRIDE, 1);
    if (!window)
        return error_memory(error);
    memcpy(window, in->window, in->end);
    memory_release(in->allocator, in->window);
    in->window = window;
    in->capacity = wider;
    return ESPALIER_OK;
}

/* Brings more of the file into the window, whose first byte becomes the one at `begin`. */
static espalier_status read_more(csv *in, espalier_error *error)
{
    size_t got;
    memmove(in->window, in->window + in->begin, in->end - in->begin);
    in->end -= in->begin;
    in->begin = 0;
    espalier_status status = in->end == in->capacity ? widen(in, error) : ESPALIER_OK;
    if (!status)
        status = reader_some(in->in, in->window + in->end, in->capacity - in->end, &got, error);
    if (status)
        return status;
    in->ended = got == 0;
    in->end += got;
    in->window[in->end] = '\n';
    return ESPALIER_OK;
}

/* ---- fields ---------------------------------------------------------------- */

typedef enum outcome {
    WHOLE, /* a record was cut */
    MORE,  /* it goes on behind the window */
    NONE,  /* no record is left */
    BAD    /* the error is set */
} outcome;

/* A record that is being cut. */
typedef struct cutting {
    csv *in;
    char *at;
    size_t count;
    uint64_t line; /* of `at` */
    espalier_error *error;
} cutting;

static bool is_blank(const csv *in, char c)
{
    return c == ' ' || (c == '\t' && in->dialect.separator != '\t');
}

static outcome complain(cutting *c, const char *expected, const char *found)
{
    error_set(c->error, ESPALIER_ERROR_FORMAT, "%s: line %llu, column %zu: expected %s, found %s",
              csv_path(c->in), (unsigned long long)c->line, c->count + 1, expected, found);
    return BAD;
}

static outcome push(cutting *c, char *text, size_t length, bool quoted)
{
    csv *in = c->in;
    if (c->count == in->room) {
        if (in->room >= CSV_FIELDS_MOST)
            return complain(c, "at most 1048576 fields in a record", "more");
        csv_field *wider = memory_array(in->allocator, 2 * in->room, sizeof *wider);
        if (!wider)
            return error_memory(c->error), BAD;
        memcpy(wider, in->fields, in->room * sizeof *wider);
        memory_release(in->allocator, in->fields);
        in->fields = wider;
        in->room *= 2;
    }
    in->fields[c->count++] = (csv_field){text, length, quoted};
    return WHOLE;
}

/* Up to the closing quote and the blanks behind it. Doubled quotes stay until the whole
 * record is there, for it may be cut again. */
static outcome cut_quoted(cutting *c)
{
    csv *in = c->in;
    char *end = in->window + in->end, *text = c->at + 1, *p = text;
    for (;; p += 2) {
        char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote && !in->ended)
            return MORE;
        if (!quote)
            return complain(c, "a closing quote", "the end of the file");
        p = quote;
        if (p + 1 == end && !in->ended)
            return MORE;
        if (p + 1 == end || p[1] != '"')
            break;
    }
    size_t length = (size_t)(p - text);
    if (memchr(text, '\0', length))
        return complain(c, "text", "a zero byte");
    for (char *n = text; (n = memchr(n, '\n', (size_t)(p - n))); n++)
        c->line++;
    for (p++; p < end && is_blank(in, *p);)
        p++;
    if (p < end && !in->stops[(unsigned char)*p] && !(in->dialect.separator == ' ' && p[-1] != '"')) {
        char found[] = "'x' behind the closing quote";
        found[1] = *p;
        return complain(c, "a separator or the end of the line", found);
    }
    c->at = p;
    return push(c, text, length, true);
}

/* The first byte from p on that is among the stops. */
#ifdef __SSE2__
static char *find_stop(const csv *in, char *p)
{
    char second = in->dialect.separator == ' ' ? '\t' : in->dialect.separator;
    const __m128i separator = _mm_set1_epi8(in->dialect.separator), other = _mm_set1_epi8(second);
    const __m128i newline = _mm_set1_epi8('\n'), carriage = _mm_set1_epi8('\r');
    for (;; p += STRIDE) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(bytes, separator), _mm_cmpeq_epi8(bytes, other));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, newline));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, carriage));
        stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
        unsigned found = (unsigned)_mm_movemask_epi8(stops);
        if (found)
            return p + __builtin_ctz(found);
    }
}
#else
static char *find_stop(const csv *in, char *p)
{
    while (!in->stops[(unsigned char)*p])
        p++;
    return p;
}
#endif

static outcome cut_plain(cutting *c)
{
    csv *in = c->in;
    char *text = c->at, *p = find_stop(in, text);
    if (p == in->window + in->end && !in->ended)
        return MORE;
    c->at = p;
    while (p > text && is_blank(in, p[-1]))
        p--;
    return push(c, text, (size_t)(p - text), false);
}

/* One field and what ends it; *last says that it was the record's last. */
static outcome cut_field(cutting *c, bool *last)
{
    csv *in = c->in;
    outcome cut = *c->at == '"' ? cut_quoted(c) : cut_plain(c);
    char *end = in->window + in->end;
    if (cut != WHOLE)
        return cut;
    if (in->dialect.separator == ' ')
        while (c->at < end && is_blank(in, *c->at))
            c->at++;
    if (c->at == end && !in->ended)
        return MORE;
    *last = c->at == end || *c->at == '\n' || *c->at == '\r';
    if (!*last && *c->at == '\0')
        return c->count--, complain(c, "text", "a zero byte");
    return WHOLE;
}

/* Steps over a line's end; false if the window ends within it. */
static bool pass_line_end(cutting *c)
{
    char *end = c->in->window + c->in->end;
    if (c->at < end && *c->at == '\r') {
        if (c->at + 1 == end && !c->in->ended)
            return false;
        c->at += c->at + 1 < end && c->at[1] == '\n';
    }
    if (c->at < end) {
        c->at++;
        c->line++;
    }
    return true;
}

/* Spreadsheets write #N/A for a missing value: that begins no comment. False, too, if the
 * window ends before it can be told; *more is then set. */
static bool is_comment(const cutting *c, bool *more)
{
    static const char absent[] = "#N/A";
    enum { LENGTH = sizeof absent - 1 };
    const csv *in = c->in;
    size_t left = (size_t)(in->window + in->end - c->at);
    if (left == 0 || !in->dialect.comment || *c->at != in->dialect.comment)
        return false;
    *more = left <= LENGTH && !in->ended && memcmp(c->at, absent, left < LENGTH ? left : LENGTH) == 0;
    return !*more && !(left >= LENGTH && memcmp(c->at, absent, LENGTH) == 0 &&
                       in->stops[(unsigned char)c->at[LENGTH]]);
}

/* To the first record from `begin` on: over blank lines and comments. */
static outcome pass_empty_lines(cutting *c)
{
    csv *in = c->in;
    char *end = in->window + in->end;
    for (bool more = false;;) {
        in->begin = (size_t)(c->at - in->window);
        in->line = c->line;
        if (is_comment(c, &more))
            while (c->at < end && *c->at != '\n' && *c->at != '\r')
                c->at++;
        while (c->at < end && is_blank(in, *c->at))
            c->at++;
        if (more)
            return MORE;
        if (c->at == end)
            return in->ended ? NONE : MORE;
        if (*c->at != '\n' && *c->at != '\r')
            return WHOLE;
        if (!pass_line_end(c))
            return MORE;
    }
}

static outcome cut_record(cutting *c)
{
    csv *in = c->in;
    outcome cut = pass_empty_lines(c);
    for (bool last = false; cut == WHOLE && !last;) {
        cut = cut_field(c, &last);
        if (cut != WHOLE || last)
            break;
        if (in->dialect.separator != ' ')
            c->at++;
        while (c->at < in->window + in->end && is_blank(in, *c->at))
            c->at++;
    }
    return cut == WHOLE && !pass_line_end(c) ? MORE : cut;
}

/* Takes doubled quotes apart and ends each field with a zero byte. */
static void finish(csv *in, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        csv_field *field = &in->fields[i];
        char *text = in->window + (field->text - in->window);
        if (field->quoted && memchr(text, '"', field->length)) {
            size_t to = 0;
            for (size_t from = 0; from < field->length; from++) {
                text[to++] = text[from];
                from += text[from] == '"';
            }
            field->length = to;
        }
        text[field->length] = '\0';
    }
}

espalier_status csv_next(csv *in, csv_record *record, espalier_error *error)
{
    espalier_error own = {0};
    *record = (csv_record){0};
    for (;;) {
        cutting c = {in, in->window + in->begin, 0, in->line, &own};
        outcome cut = cut_record(&c);
        if (cut == BAD)
            return error_set(error, own.status, "%s", own.message);
        if (cut == NONE)
            return ESPALIER_OK;
        if (cut == WHOLE) {
            finish(in, c.count);
            *record = (csv_record){in->fields, c.count, in->line};
            in->begin = (size_t)(c.at - in->window);
            in->line = c.line;
            return ESPALIER_OK;
        }
        espalier_status status = read_more(in, error);
        if (status)
            return status;
    }
}

/* ---- opening ------------------------------------------------------------------ */

static bool begins_with(const csv *in, const char *bytes, size_t count)
{
    return in->end >= count && memcmp(in->window, bytes, count) == 0;
}

/* FNV-1a of the first bytes. */
static void hash_head(csv *in)
{
    in->head = 0xcbf29ce484222325u;
    for (size_t i = 0; i < in->end && i < SAMPLE_BYTES; i++)
        in->head = (in->head ^ (unsigned char)in->window[i]) * 0x100000001b3u;
}

/* Files that are taken for tables by mistake, by how they begin. */
static espalier_status refuse_others(const csv *in, espalier_error *error)
{
    static const struct {
        const char *start, *what;
    } known[] = {
        {"PK\3\4", "a zip archive (as .xlsx is): unpack it, or save the sheet as CSV"},
        {"\xD0\xCF\x11\xE0", "an old spreadsheet or document (.xls): save the sheet as CSV"},
        {"BZh91AY&SY", "a bzip2 file: unpack it, or pack it by gzip"},
        {"\xFD" "7zXZ", "an xz file: unpack it, or pack it by gzip"},
        {"\x28\xB5\x2F\xFD", "a Zstandard file: unpack it, or pack it by gzip"},
        {"PAR1\x15", "a Parquet file: save it as CSV"},
        {"SQLite format 3", "an SQLite database: save the table as CSV"},
        {"%PDF-", "a PDF document"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (begins_with(in, known[i].start, strlen(known[i].start)))
            return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected a table as text, found %s",
                             csv_path(in), known[i].what);
    return ESPALIER_OK;
}

/* Reads until there is a line to look at, or 64 KiB, or the end. */
static espalier_status read_sample(csv *in, espalier_error *error)
{
    espalier_status status = read_more(in, error);
    while (!status && !in->ended && in->end < SAMPLE_BYTES &&
           (in->end < 3 || reader_file_bytes(in->in) != UINT64_MAX ||
            !memchr(in->window, '\n', in->end)))
        status = read_more(in, error);
    if (!status && (begins_with(in, "\xff\xfe", 2) || begins_with(in, "\xfe\xff", 2)))
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected UTF-8 text, found UTF-16: save it as UTF-8", csv_path(in));
    if (!status && begins_with(in, "\xef\xbb\xbf", 3))
        in->begin = 3;
    return status ? status : refuse_others(in, error);
}

/* Excel's own first line, as "sep=;": it says what separates, and is no record. */
static void take_separator_line(csv *in)
{
    static const char start[] = "sep=", known[] = {';', ',', '\t', '|', '\0'};
    enum { LENGTH = sizeof start - 1 };
    const char *line = in->window + in->begin;
    const size_t there = in->end - in->begin;
    if (there < LENGTH + 2 || strncasecmp(line, start, LENGTH) != 0 || !strchr(known, line[LENGTH]) ||
        !line[LENGTH] || !strchr("\r\n", line[LENGTH + 1]) || !line[LENGTH + 1])
        return;
    if (!in->dialect.separator)
        in->dialect.separator = line[LENGTH];
    in->begin += LENGTH + 1; /* what is left of the line is blank */
}

static void choose_separator(csv *in)
{
    static const char always[] = {'\n', '\r', '\0'};
    size_t there = in->end - in->begin;
    if (!in->dialect.separator)
        in->dialect.separator = csv_guess(in->window + in->begin,
                                          there < SAMPLE_BYTES ? there + in->ended : SAMPLE_BYTES,
                                          &in->dialect);
    for (size_t i = 0; i < sizeof always; i++)
        in->stops[(unsigned char)always[i]] = true;
    in->stops[(unsigned char)in->dialect.separator] = true;
    if (in->dialect.separator == ' ')
        in->stops['\t'] = true;
}

/* A window no larger than a small file needs. */
static espalier_status take_window(csv *in, espalier_error *error)
{
    enum { LEAST_BYTES = 1 << 12 };
    uint64_t bytes = reader_file_bytes(in->in);
    in->capacity = WINDOW_BYTES;
    if (!reader_is_gzip(in->in) && bytes < WINDOW_BYTES)
        in->capacity = bytes < LEAST_BYTES ? LEAST_BYTES : (size_t)bytes + 1; /* room to see the end */
    in->window = memory_array(in->allocator, in->capacity + STRIDE, 1);
    return in->window ? ESPALIER_OK : error_memory(error);
}

espalier_status csv_open(const char *path, const csv_dialect *dialect,
                         const espalier_allocator *allocator, csv **out, espalier_error *error)
{
    csv *in = memory_array(allocator, 1, sizeof *in);
    if (!in)
        return error_memory(error);
    in->allocator = allocator;
    in->dialect = dialect ? *dialect : csv_dialect_defaults();
    if (!in->dialect.record_bytes_most)
        in->dialect.record_bytes_most = CSV_RECORD_BYTES_MOST;
    in->line = 1;
    in->room = FIELDS_AT_FIRST;
    in->fields = memory_array(allocator, in->room, sizeof *in->fields);
    espalier_status status = in->fields ? ESPALIER_OK : error_memory(error);
    if (!status)
        status = strcmp(path, "-") == 0 ? reader_open_input(allocator, &in->in, error)
                                        : reader_open(path, allocator, &in->in, error);
    if (!status)
        status = take_window(in, error);
    if (!status)
        status = read_sample(in, error);
    if (status) {
        csv_close(in);
        return status;
    }
    hash_head(in);
    take_separator_line(in);
    choose_separator(in);
    *out = in;
    return ESPALIER_OK;
}

char csv_separator(const csv *in)
{
    return in->dialect.separator;
}

const char *csv_path(const csv *in)
{
    return reader_path(in->in);
}

uint64_t csv_bytes(const csv *in)
{
    return reader_offset(in->in);
}

uint64_t csv_head(const csv *in)
{
    return in->head;
}

void csv_close(csv *in)
{
    if (!in)
        return;
    reader_close(in->in);
    memory_release(in->allocator, in->fields);
    memory_release(in->allocator, in->window);
    memory_release(in->allocator, in);
}
