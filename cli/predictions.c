/* The forms of predictions. What is predicted is cmd_predict.c's. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "predictions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>

const char *prediction_format_name(size_t index)
{
    static const char *const names[] = {"csv", "jsonl", "npy"};
    return index < sizeof names / sizeof *names ? names[index] : NULL;
}

prediction_format prediction_format_of(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;
    for (size_t i = 0; dot && prediction_format_name(i); i++)
        if (strcasecmp(dot + 1, prediction_format_name(i)) == 0)
            return (prediction_format)i;
    return PREDICTION_CSV;
}

/* ---- names of classes ------------------------------------------------------ */

static bool needs_quotes(const char *name)
{
    return strpbrk(name, ",\"\r\n") != NULL;
}

/* Quotes inside are doubled. */
static char *csv_name(const char *name)
{
    char *quoted = malloc(2 * strlen(name) + 3), *to = quoted;
    bool quotes = needs_quotes(name);
    if (!quoted)
        return NULL;
    if (quotes)
        *to++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *to++ = '"';
        *to++ = *name;
    }
    if (quotes)
        *to++ = '"';
    *to = '\0';
    return quoted;
}

static char *json_name(const char *name)
{
    json_t *text = json_string(name);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    json_decref(text);
    return quoted;
}

static bool make_names(predictions *out, const espalier_network *network)
{
    out->names = calloc(out->classes, sizeof *out->names);
    if (!out->names || out->format == PREDICTION_NPY)
        return out->names != NULL;
    for (size_t c = 0; c < out->classes; c++) {
        const char *name = espalier_network_class_name(network, c);
        out->names[c] = out->format == PREDICTION_CSV ? csv_name(name) : json_name(name);
        if (!out->names[c])
            return false;
    }
    return true;
}

static void clear_names(predictions *out)
{
    for (size_t c = 0; out->names && c < out->classes; c++)
        free(out->names[c]);
    free(out->names);
    out->names = NULL;
}

/* ---- beginning ------------------------------------------------------------- */

/* A file whose beginning can be written again: no pipe, and not opened to append. */
static bool can_go_back(FILE *stream)
{
    struct stat facts;
    int file = fileno(stream), flags = fcntl(file, F_GETFL);
    return fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && flags != -1 &&
           !(flags & O_APPEND);
}

static void write_npy_header(predictions *out, size_t rows)
{
    char header[ESPALIER_NPY_HEADER_BYTES];
    espalier_npy_header(rows, out->classes, header);
    fwrite(header, 1, sizeof header, out->file.stream);
}

static void begin(predictions *out, size_t rows)
{
    FILE *stream = out->file.stream;
    if (out->format == PREDICTION_NPY) {
        out->start = ftello(stream);
        write_npy_header(out, out->rows_known ? rows : 0);
    } else if (out->format == PREDICTION_CSV) {
        fputs("class", stream);
        for (size_t c = 0; c < out->classes; c++)
            fprintf(stream, ",%s", out->names[c]);
        putc('\n', stream);
    }
}

int predictions_open(predictions *out, const char *command, const char *path,
                     prediction_format format, const espalier_network *network, size_t rows)
{
    *out = (predictions){.format = format, .rows_known = rows != SIZE_MAX,
                         .classes = espalier_network_class_count(network)};
    if (!make_names(out, network)) {
        clear_names(out);
        message("out of memory");
        return EXIT_FAILED;
    }
    int code = text_open(&out->file, path);
    if (code != EXIT_NONE) {
        clear_names(out);
        return code;
    }
    out->open = true;
    if (format == PREDICTION_NPY && !out->rows_known && !can_go_back(out->file.stream)) {
        predictions_abandon(out);
        return usage_error(command, "--format npy: a .npy file begins with its number of rows, "
                                    "which is not known yet: expected -o FILE or standard output "
                                    "into a file, found one that cannot be written over");
    }
    begin(out, rows);
    return EXIT_NONE;
}

/* ---- rows -------------------------------------------------------------------- */

/* The first of equal probabilities wins. */
static size_t most_probable(const predictions *out, const float *probabilities)
{
    size_t best = 0;
    for (size_t c = 1; c < out->classes; c++)
        best = probabilities[c] > probabilities[best] ? c : best;
    return best;
}

/* Nine digits bring a float back exactly. */
static void write_csv(predictions *out, const float *probabilities)
{
    FILE *stream = out->file.stream;
    fputs(out->names[most_probable(out, probabilities)], stream);
    for (size_t c = 0; c < out->classes; c++)
        fprintf(stream, ",%.9g", (double)probabilities[c]);
    putc('\n', stream);
}

static void write_jsonl(predictions *out, const float *probabilities)
{
    FILE *stream = out->file.stream;
    size_t best = most_probable(out, probabilities);
    fprintf(stream, "{\"class\":%s,\"probability\":%.9g,\"probabilities\":{", out->names[best],
            (double)probabilities[best]);
    for (size_t c = 0; c < out->classes; c++)
        fprintf(stream, "%s%s:%.9g", c ? "," : "", out->names[c], (double)probabilities[c]);
    fputs("}}\n", stream);
}

/* Keeps why the first write failed: errno is another's soon. */
static bool note_failure(predictions *out)
{
    if (!out->failure && ferror(out->file.stream))
        out->failure = errno ? errno : EIO;
    return out->failure == 0;
}

bool predictions_write(predictions *out, const float *probabilities)
{
    errno = 0;
    if (out->format == PREDICTION_CSV)
        write_csv(out, probabilities);
    else if (out->format == PREDICTION_JSONL)
        write_jsonl(out, probabilities);
    else
        fwrite(probabilities, sizeof *probabilities, out->classes, out->file.stream);
    out->rows++;
    return note_failure(out);
}

void predictions_flush(predictions *out)
{
    errno = 0;
    fflush(out->file.stream);
    note_failure(out);
}

/* ---- the end ------------------------------------------------------------------- */

static void finish_npy(predictions *out)
{
    FILE *stream = out->file.stream;
    if (fseeko(stream, (off_t)out->start, SEEK_SET) != 0) {
        out->failure = errno;
        return;
    }
    write_npy_header(out, out->rows);
    fseeko(stream, 0, SEEK_END);
}

int predictions_commit(predictions *out)
{
    if (out->format == PREDICTION_NPY && !out->rows_known && !out->failure)
        finish_npy(out);
    predictions_flush(out);
    clear_names(out);
    out->open = false;
    if (!out->failure)
        return text_commit(&out->file);
    if (out->file.path)
        message("%s: cannot write: %s", out->file.path, strerror(out->failure));
    else
        message("cannot write to standard output: %s", strerror(out->failure));
    text_abandon(&out->file);
    return EXIT_FAILED;
}

void predictions_abandon(predictions *out)
{
    if (!out->open)
        return;
    out->open = false;
    clear_names(out);
    if (!out->file.path)
        fflush(out->file.stream); /* the rows before the one that failed are out */
    text_abandon(&out->file);
}
