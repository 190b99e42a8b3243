/* The dictionary at the head of a .npy file, by a grammar that knows just what may
 * stand there:
 *
 *   header  = { pair , pair , pair [,] } blanks
 *   pair    = 'descr' : text | 'fortran_order' : True or False | 'shape' : tuple
 *   tuple   = ( ) | ( number , ) | ( number , number … [,] )
 *
 * Pairs come in any order; Python 2 wrote an L behind its long numbers. */
#include "format/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"

typedef enum key { KEY_DESCR, KEY_ORDER, KEY_SHAPE, KEY_COUNT } key;

static const char *const key_names[KEY_COUNT] = {"descr", "fortran_order", "shape"};

/* A place in the text. */
typedef struct scan {
    npy_file *file;
    const char *begin, *at, *end;
    espalier_error *error;
} scan;

/* ---- words --------------------------------------------------------------- */

/* What a damaged header holds instead of plain text may be any bytes. */
static safetensors_shown show(const char *text, size_t length)
{
    char cut[33];
    snprintf(cut, sizeof cut, "%.*s", (int)(length < 32 ? length : 32), text);
    return safetensors_show(cut);
}

static espalier_status expected(const scan *s, const char *what)
{
    size_t left = (size_t)(s->end - s->at);
    return error_set(s->error, ESPALIER_ERROR_FORMAT,
                     "%s: damaged .npy header at character %zu: expected %s, found %s",
                     s->file->source.name, (size_t)(s->at - s->begin), what,
                     left ? show(s->at, left < 16 ? left : 16).text : "its end");
}

static void skip_blanks(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

/* Takes a sign if it comes next. */
static bool take(scan *s, char sign)
{
    skip_blanks(s);
    bool is = s->at < s->end && *s->at == sign;
    s->at += is;
    return is;
}

static bool take_word(scan *s, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(s);
    bool is = (size_t)(s->end - s->at) >= length && memcmp(s->at, word, length) == 0;
    s->at += is ? length : 0;
    return is;
}

/* A text in quotes; none of those known holds an escape. */
static espalier_status take_text(scan *s, const char *what, const char **text, size_t *length)
{
    skip_blanks(s);
    char quote = s->at < s->end ? *s->at : 0;
    if (quote != '\'' && quote != '"')
        return expected(s, what);
    const char *begin = s->at + 1, *close = memchr(begin, quote, (size_t)(s->end - begin));
    if (!close || memchr(begin, '\\', (size_t)(close - begin)))
        return expected(s, what);
    *text = begin;
    *length = (size_t)(close - begin);
    s->at = close + 1;
    return ESPALIER_OK;
}

/* ---- descr --------------------------------------------------------------- */

static espalier_status unsupported(const scan *s, const char *type, size_t length, const char *why)
{
    return error_set(s->error, ESPALIER_ERROR_UNSUPPORTED,
                     "%s: an array of type '%s' cannot be read: %s", s->file->source.name,
                     show(type, length).text, why);
}

/* The digits behind the letter; false for none, others, or too many. */
static bool read_size(const char *text, size_t length, size_t *size)
{
    *size = 0;
    if (length == 0 || length > 9)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *size = *size * 10 + (size_t)(text[i] - '0');
    }
    return true;
}

static bool numeric_size(npy_kind kind, size_t size)
{
    switch (kind) {
    case NPY_BOOL:
        return size == 1;
    case NPY_FLOAT:
        return size == 2 || size == 4 || size == 8;
    case NPY_SIGNED:
    case NPY_UNSIGNED:
        return size == 1 || size == 2 || size == 4 || size == 8;
    default:
        return size > 0; /* texts without a character would be values without a byte */
    }
}

/* Why a known type is not taken; NULL for letters that NumPy does not have. */
static const char *why_not(char letter, size_t size)
{
    switch (letter) {
    case 'O':
        return "it holds Python objects, which are pickles, and unpickling runs code; save "
               "numbers or texts instead";
    case 'c':
        return "complex numbers are no inputs; save real and imaginary part apart";
    case 'f':
        return size == 10 || size == 12 || size == 16
                   ? "long double differs between machines; save it as float64"
                   : NULL;
    case 'M':
    case 'm':
        return "it holds dates or durations; save them as numbers";
    case 'V':
        return "it holds raw bytes without a type; save numbers instead";
    default:
        return NULL;
    }
}

static bool set_kind(npy_file *file, char letter, size_t size)
{
    static const char letters[] = {[NPY_BOOL] = 'b', [NPY_SIGNED] = 'i', [NPY_UNSIGNED] = 'u',
                                   [NPY_FLOAT] = 'f', [NPY_TEXT] = 'U', [NPY_LATIN] = 'S'};
    for (int kind = 0; kind < (int)sizeof letters; kind++)
        if (letters[kind] == letter && numeric_size((npy_kind)kind, size)) {
            file->kind = (npy_kind)kind;
            file->value_bytes = letter == 'U' ? 4 * size : size;
            return true;
        }
    return false;
}

static bool host_is_big_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 0;
}

/* "<f4": order, letter, bytes of a value (of U: characters). */
static espalier_status parse_type(scan *s, const char *text, size_t length)
{
    bool marked = length > 0 && strchr("<>=|", text[0]) != NULL;
    char order = marked ? text[0] : '=';
    char letter = length > (size_t)marked ? text[marked] : 0;
    size_t size, head = (size_t)marked + 1;
    bool sized = length > head && read_size(text + head, length - head, &size);
    const char *why = why_not(letter, sized ? size : 0);
    if (why)
        return unsupported(s, text, length, why);
    npy_file *file = s->file;
    bool known = sized && set_kind(file, letter, size);
    if (!known || (order == '|' && file->value_bytes > 1 && file->kind != NPY_LATIN))
        return error_set(s->error, ESPALIER_ERROR_FORMAT,
                         "%s: unknown type in the .npy header: expected one such as <f4, |u1 or "
                         ">i8, found '%s'",
                         file->source.name, show(text, length).text);
    file->big_endian = order == '>' || (order == '=' && host_is_big_endian());
    return ESPALIER_OK;
}

static espalier_status parse_descr(scan *s)
{
    const char *text;
    size_t length;
    skip_blanks(s);
    if (s->at < s->end && (*s->at == '[' || *s->at == '('))
        return unsupported(s, s->at, (size_t)(s->end - s->at),
                           "its values are records of several fields; save each field as an array");
    espalier_status status = take_text(s, "a type in quotes", &text, &length);
    return status ? status : parse_type(s, text, length);
}

/* ---- order and shape ------------------------------------------------------ */

static espalier_status parse_order(scan *s)
{
    s->file->fortran = take_word(s, "True");
    if (s->file->fortran || take_word(s, "False"))
        return ESPALIER_OK;
    return expected(s, "True or False");
}

static espalier_status parse_number(scan *s, size_t *number)
{
    skip_blanks(s);
    const char *begin = s->at;
    size_t value = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
        if (!size_multiply(value, 10, &value) || !size_add(value, (size_t)(*s->at - '0'), &value)) {
            s->at = begin;
            return expected(s, "a dimension within the address space");
        }
    if (s->at == begin || (*begin == '0' && s->at > begin + 1)) {
        s->at = begin;
        return expected(s, "a dimension");
    }
    if (s->at < s->end && *s->at == 'L')
        s->at++;
    *number = value;
    return ESPALIER_OK;
}

static espalier_status add_dimension(scan *s)
{
    npy_file *file = s->file;
    if (file->rank == NPY_RANK_MOST)
        return error_set(s->error, ESPALIER_ERROR_FORMAT,
                         "%s: expected at most %d dimensions in the .npy header, found more",
                         file->source.name, (int)NPY_RANK_MOST);
    size_t *place = &file->shape[file->rank++];
    espalier_status status = parse_number(s, place);
    if (status || size_multiply(file->count, *place, &file->count))
        return status;
    return error_set(s->error, ESPALIER_ERROR_FORMAT,
                     "%s: dimensions 1 to %zu multiply to more than the address space",
                     file->source.name, file->rank);
}

static espalier_status parse_shape(scan *s)
{
    npy_file *file = s->file;
    file->rank = 0;
    file->count = 1;
    if (!take(s, '('))
        return expected(s, "a tuple of dimensions");
    while (!take(s, ')')) {
        espalier_status status = add_dimension(s);
        if (status)
            return status;
        bool comma = take(s, ',');
        skip_blanks(s);
        /* (3) is a number in Python, (3,) a tuple. */
        if (!comma && (file->rank == 1 || s->at == s->end || *s->at != ')'))
            return expected(s, "a comma");
    }
    return ESPALIER_OK;
}

/* ---- the dictionary -------------------------------------------------------- */

static espalier_status parse_pair(scan *s, bool seen[KEY_COUNT])
{
    static espalier_status (*const values[KEY_COUNT])(scan *) = {parse_descr, parse_order,
                                                                 parse_shape};
    const char *name;
    size_t length;
    int which = 0;
    skip_blanks(s);
    scan begin = *s;
    espalier_status status = take_text(s, "a key in quotes", &name, &length);
    if (status)
        return status;
    while (which < KEY_COUNT &&
           (strlen(key_names[which]) != length || memcmp(key_names[which], name, length) != 0))
        which++;
    if (which == KEY_COUNT || seen[which])
        return expected(&begin, "each of 'descr', 'fortran_order' and 'shape' once");
    seen[which] = true;
    return take(s, ':') ? values[which](s) : expected(s, "a colon");
}

static espalier_status parse_pairs(scan *s, bool seen[KEY_COUNT])
{
    bool comma = true;
    while (!take(s, '}')) {
        if (!comma)
            return expected(s, "a comma or the closing brace");
        espalier_status status = parse_pair(s, seen);
        if (status)
            return status;
        comma = take(s, ',');
    }
    return ESPALIER_OK;
}

espalier_status npy_parse_header(npy_file *file, const char *text, size_t length,
                                 espalier_error *error)
{
    scan s = {file, text, text, text + length, error};
    bool seen[KEY_COUNT] = {false};
    if (!take(&s, '{'))
        return expected(&s, "an opening brace");
    espalier_status status = parse_pairs(&s, seen);
    if (status)
        return status;
    skip_blanks(&s);
    if (s.at != s.end)
        return expected(&s, "nothing but spaces after the dictionary");
    for (int which = 0; which < KEY_COUNT; which++)
        if (!seen[which])
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: damaged .npy header: expected the key '%s', found none",
                             file->source.name, key_names[which]);
    return ESPALIER_OK;
}
