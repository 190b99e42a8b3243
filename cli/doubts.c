/* Warnings about data that cannot teach what they should, of which `data info` tells more, and
 * about layers that pruning at once leaves too thin; while training the library tells. */
#include "doubts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data_info.h"
#include "scaling.h"
#include "table.h"

enum { NAMED_MOST = 5, NAMES_BYTES = 512 };

/* "a, b, c, ..." of those that are in doubt. */
typedef struct names {
    char text[NAMES_BYTES];
    size_t count;
} names;

static void name(names *n, const char *one)
{
    size_t at = strlen(n->text);
    n->count++;
    if (n->count <= NAMED_MOST)
        snprintf(n->text + at, sizeof n->text - at, "%s%.80s", at ? ", " : "", one);
    else if (n->count == NAMED_MOST + 1)
        snprintf(n->text + at, sizeof n->text - at, ", ...");
}

/* Whether rows of classes that cannot be learnt are among the validation rows. */
static bool kept_apart(const espalier_description *d)
{
    for (size_t c = 0; c < d->classes; c++)
        if (d->class_rows[c] == 0 && d->class_rows[ESPALIER_VALIDATION * d->classes + c] > 0)
            return true;
    return false;
}

static const char *split_hint(const espalier_description *d)
{
    return kept_apart(d) ? "; the validation rows have some: try --validation-split stratified" : "";
}

static int one_class(const char *source, const espalier_dataset *dataset,
                     const espalier_description *d)
{
    char number[32];
    size_t only = 0;
    while (only < d->classes && d->class_rows[only] == 0)
        only++;
    message("%s: expected training rows of two classes or more, found only class %s%s", source,
            data_class_name(dataset, only, number),
            kept_apart(d) ? split_hint(d) : "; is this the column of labels?");
    return EXIT_FAILED;
}

static void missing_classes(const char *source, const espalier_dataset *dataset,
                            const espalier_description *d)
{
    names n = {.count = 0};
    char number[32];
    for (size_t c = 0; c < d->classes; c++)
        if (d->class_rows[c] == 0)
            name(&n, data_class_name(dataset, c, number));
    if (n.count > 0)
        message("warning: %s: %zu of the %zu classes %s no training row and cannot be learnt: %s%s",
                source, n.count, d->classes, n.count == 1 ? "has" : "have", n.text, split_hint(d));
}

/* Whether values lie so far from zero that floats have few steps for what changes: whole numbers
 * that floats hold one by one are well, however few. */
static bool is_coarse(float low, float high, float *step)
{
    enum { FEW = 1000, FAR = 1024 };
    const float size = fmaxf(fabsf(low), fabsf(high));
    const bool whole = low == rintf(low) && high == rintf(high);
    *step = nextafterf(size, INFINITY) - size;
    return (double)high - (double)low < FEW * (double)*step &&
           (*step > 1 || (low < high && size >= FAR && !whole));
}

static void coarse_inputs(const char *source, const espalier_dataset *dataset,
                          const espalier_description *d)
{
    names n = {.count = 0};
    char number[32], text[NAMES_BYTES];
    float step;
    for (size_t i = 0; i < d->inputs; i++)
        if (is_coarse(d->input_low[i], d->input_high[i], &step)) {
            snprintf(text, sizeof text, "%.40s (steps of %g at %g)", data_input_name(dataset, i, number),
                     (double)step, (double)d->input_low[i]);
            name(&n, text);
        }
    if (n.count > 0)
        message("warning: %s: %zu of the %zu inputs %s so far from zero that 32-bit floats hold no more than "
                "1,000 steps of what changes: subtract an offset in the file: %s", source, n.count, d->inputs,
                n.count == 1 ? "lies" : "lie", n.text);
}

static void constant_inputs(const char *source, const espalier_dataset *dataset,
                            const espalier_description *d)
{
    names n = {.count = 0};
    char number[32];
    float step;
    for (size_t i = 0; i < d->inputs; i++)
        if (d->input_low[i] == d->input_high[i] && !is_coarse(d->input_low[i], d->input_high[i], &step))
            name(&n, data_input_name(dataset, i, number));
    if (n.count > 0)
        message("warning: %s: %zu of the %zu inputs %s in the training rows and teach%s nothing: %s",
                source, n.count, d->inputs, n.count == 1 ? "never changes" : "never change",
                n.count == 1 ? "es" : "", n.text);
}

static void mixed_column(const char *source, const espalier_mixed_column *c)
{
    char number[DIGITS_BYTES];
    snprintf(number, sizeof number, "%zu", c->position + 1);
    message("warning: %s: column %s%s%.80s%s: %zu of its %zu different values look like numbers, but the "
            "first, '%.80s', is none that is read, so each is a category, an input of its own: write it as "
            "a plain number, or leave it empty and say --missing, or leave the column out by --ignore; "
            "--categorical %.80s says that it is meant",
            source, number, *c->name ? " (" : "", c->name, *c->name ? ")" : "", c->numbers, c->values,
            c->text, *c->name ? c->name : number);
}

static void counting_columns(const char *source, const espalier_dataset *dataset)
{
    const size_t *positions;
    const size_t count = espalier_dataset_counting_columns(dataset, &positions);
    for (size_t i = 0; i < count; i++)
        message("warning: %s: column %zu counts the rows, which teaches nothing that holds for others: leave "
                "it out by --ignore %zu", source, positions[i] + 1, positions[i] + 1);
}

void doubts_columns(const char *source, const espalier_dataset *dataset)
{
    const espalier_mixed_column *mixed;
    const size_t count = espalier_dataset_mixed_columns(dataset, &mixed);
    for (size_t i = 0; i < count; i++)
        mixed_column(source, &mixed[i]);
    counting_columns(source, dataset);
}

void doubts_unknown(const char *source, const espalier_unknown *unknown)
{
    char rows[DIGITS_BYTES], all[DIGITS_BYTES], row[DIGITS_BYTES];
    digits(all, unknown->rows);
    for (size_t i = 0; i < unknown->listed; i++) {
        const espalier_unknown_column *c = &unknown->first[i];
        message("warning: %s: column %zu%s%.80s%s: %s of %s rows hold a category that no training row had "
                "(first '%s', row %s): read as none of those learnt",
                source, c->position + 1, *c->name ? " (" : "", c->name, *c->name ? ")" : "",
                digits(rows, c->rows), all, c->text, digits(row, c->row));
    }
    if (unknown->columns > unknown->listed)
        message("warning: %s: and %zu more columns with such categories", source,
                unknown->columns - unknown->listed);
}

/* 1.5, not 3 or red. */
static bool has_fraction(const char *text)
{
    return text && strspn(text, "+-.,0123456789eE") == strlen(text) && strpbrk(text, ".,");
}

void doubts_labels(const char *source, const espalier_dataset *dataset, const data_settings *settings)
{
    const size_t classes = espalier_dataset_class_count(dataset);
    char column[DATA_LABEL_BYTES];
    size_t fractions = 0;
    for (size_t c = 0; c < classes; c++)
        fractions += has_fraction(espalier_dataset_class_name(dataset, c));
    if (settings->table.options.label || 2 * fractions <= classes ||
        !data_label_column(espalier_dataset_columns(dataset), column))
        return;
    message("warning: %s: the labels are of %s, the last, and are numbers with fractions, from %s to %s, "
            "each of the %zu a class: if another column holds the classes, name it by --label",
            source, column, espalier_dataset_class_name(dataset, 0),
            espalier_dataset_class_name(dataset, classes - 1), classes);
}

/* Bytes are divided by 255, whatever they are used for. */
static void small_bytes(const char *source, const espalier_dataset *dataset,
                        const espalier_description *d, espalier_scaling scaling)
{
    if (scaling == ESPALIER_SCALING_AUTO && scaling_is_of_bytes(dataset) && d->high > 0 && d->high < 128)
        message("warning: %s: values reach no more than %g of the 255 by which bytes are divided: try "
                "--scaling range", source, (double)d->high);
}

static void leaked_rows(const char *source, const espalier_description *d)
{
    char leaked[DIGITS_BYTES], rows[DIGITS_BYTES];
    const size_t all = d->rows[ESPALIER_TEST];
    if (d->test.count > 0 && 100 * d->test.count >= all)
        message("warning: %s: %s of the %s test rows are in the training file, too: accuracy on the test "
                "rows may flatter by that share", source, digits(leaked, d->test.count), digits(rows, all));
}

int doubts_say(const char *source, const espalier_dataset *dataset, bool training,
               const data_settings *fresh)
{
    espalier_error error = {0};
    espalier_description d = {0};
    size_t height, width;
    const bool tested = training && espalier_dataset_row_count(dataset, ESPALIER_TEST) > 0;
    if (espalier_dataset_describe(dataset, tested, NULL, &d, &error))
        return fail(&error);
    doubts_columns(source, dataset);
    int code = EXIT_NONE;
    if (training && d.learnt_classes < 2)
        code = one_class(source, dataset, &d);
    else
        missing_classes(source, dataset, &d);
    if (code == EXIT_NONE && !espalier_dataset_image_shape(dataset, &height, &width)) {
        constant_inputs(source, dataset, &d);
        coarse_inputs(source, dataset, &d);
    }
    if (code == EXIT_NONE && fresh) {
        doubts_labels(source, dataset, fresh);
        small_bytes(source, dataset, &d, fresh->options.scaling);
    }
    if (code == EXIT_NONE)
        leaked_rows(source, &d);
    espalier_description_clear(&d);
    return code;
}

static void no_rows(const char *source, const espalier_dataset *dataset, espalier_split split,
                    const char *by, double fraction, const char *then)
{
    if (fraction > 0 && espalier_dataset_row_count(dataset, split) == 0)
        message("warning: %s: --%s %g%% is less than one row of %s: %s", source, by, 100 * fraction,
                espalier_dataset_validation(dataset) == ESPALIER_VALIDATION_STRATIFIED ||
                        split == ESPALIER_TEST
                    ? "each class" : "all", then);
}

void doubts_splits(const char *source, const espalier_dataset *dataset, const data_settings *settings)
{
    no_rows(source, dataset, ESPALIER_TEST, "test", settings->table.options.test_fraction,
            "there are no test rows");
    no_rows(source, dataset, ESPALIER_VALIDATION, "validation", settings->options.validation_fraction,
            "there are no validation rows");
}

void doubts_thin(const espalier_network *network)
{
    enum { SHARE = 20, LEAST = 4 }; /* as src/train/faint.c has it */
    const size_t last = espalier_network_layer_count(network) - 1;
    for (size_t l = 0; l < last; l++) {
        const size_t neurons = espalier_network_outputs(network, l);
        const size_t live = espalier_network_live(network, l, NULL);
        if (espalier_network_activation(network, l) != ESPALIER_LINEAR &&
            (live * SHARE <= neurons || (live == 1 && neurons >= LEAST)))
            message("warning: layer %zu is about to die out: %zu of its %zu neurons %s left",
                    l, live, neurons, live == 1 ? "is" : "are");
    }
}
