/* Predictions on their way out: CSV, JSON lines or a .npy array, row after row, into a
 * file or to standard output. */
#ifndef CLI_PREDICTIONS_H
#define CLI_PREDICTIONS_H

#include "output.h"

typedef enum prediction_format {
    PREDICTION_CSV,   /* a header; the class, and the probability of each (RFC 4180 quoting) */
    PREDICTION_JSONL, /* an object to a line */
    PREDICTION_NPY    /* float32 [rows, classes]: the probabilities */
} prediction_format;

/* "csv", "jsonl", "npy": the index is a prediction_format. */
const char *prediction_format_name(size_t index);

/* The format that the ending of a file's name asks for; CSV for others and for NULL. */
prediction_format prediction_format_of(const char *path);

typedef struct predictions {
    prediction_format format;
    text_file file;
    bool open;
    size_t classes;
    char **names;       /* [classes], as the format writes them */
    size_t rows;        /* written so far */
    bool rows_known;    /* before the first one */
    long long start;    /* of a .npy array in its file */
    int failure;        /* the errno of the first write that failed; 0 = none */
} predictions;

/* rows: SIZE_MAX = not known yet: a .npy header is then written over at the end, for which
 * the output must be a file. EXIT_NONE, or an exit code after a message. */
int predictions_open(predictions *out, const char *command, const char *path,
                     prediction_format format, const espalier_network *network, size_t rows);

/* Writes a row's probabilities; false once writing makes no sense any more. */
bool predictions_write(predictions *out, const float *probabilities);

/* Hands on what is held back, for a reader that waits for it. */
void predictions_flush(predictions *out);

/* Ends the output. A reader that went away is no failure: it has what it wanted.
 * EXIT_NONE, or an exit code after a message; `out` is closed either way. */
int predictions_commit(predictions *out);

/* Removes what was written, as far as that can be. Closed ones are left alone. */
void predictions_abandon(predictions *out);

#endif
