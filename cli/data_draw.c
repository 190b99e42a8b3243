/* A few rows of a data set on a terminal of 80 columns. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_info.h"
#include "memory.h"
#include "table.h"

size_t data_pick_rows(const espalier_dataset *dataset, size_t *rows, size_t count)
{
    size_t classes = espalier_dataset_class_count(dataset), found = 0, before = SIZE_MAX;
    size_t all = espalier_dataset_row_count(dataset, ESPALIER_TRAINING);
    size_t *next = memory_take(classes * sizeof *next); /* where a class is sought from */
    while (found < count && found != before) {
        before = found;
        for (size_t c = 0; c < classes && found < count; c++) {
            while (next[c] < all &&
                   espalier_dataset_label(dataset, ESPALIER_TRAINING, next[c]) != c)
                next[c]++;
            if (next[c] < all)
                rows[found++] = next[c]++;
        }
    }
    free(next);
    return found;
}

/* ---- images ------------------------------------------------------------ */

enum { COLUMNS = 79, GAP = 2, PICTURE_COLUMNS = 25, PICTURE_LINES = 25 };

typedef struct frame {
    size_t height, width;  /* of an image */
    size_t lines, columns; /* of its picture */
    float low, high;       /* what ' ' and '@' stand for */
} frame;

/* A character is about twice as high as it is wide. */
static frame frame_of(size_t height, size_t width, const espalier_description *about)
{
    frame f = {height, width, 0, 2 * width, about->low, about->high};
    if (f.columns > PICTURE_COLUMNS)
        f.columns = PICTURE_COLUMNS;
    double lines = (double)f.columns * (double)height / (2.0 * (double)width);
    if (lines > PICTURE_LINES) {
        f.columns = (size_t)fmax(1, floor((double)f.columns * PICTURE_LINES / lines));
        lines = PICTURE_LINES;
    }
    f.lines = (size_t)fmax(1, floor(lines + 0.5));
    return f;
}

/* How much of pixel `pixel` lies between `from` and `to`. */
static double overlap(double from, double to, size_t pixel)
{
    double low = fmax(from, (double)pixel), high = fmin(to, (double)pixel + 1);
    return high > low ? high - low : 0;
}

/* The mean of the pixels that a character covers, each by the area covered. */
static double covered(const frame *f, const float *image, size_t line, size_t column)
{
    double tall = (double)f->height / (double)f->lines, wide = (double)f->width / (double)f->columns;
    double top = (double)line * tall, left = (double)column * wide, sum = 0, area = 0;
    for (size_t y = (size_t)top; y < f->height && (double)y < top + tall; y++)
        for (size_t x = (size_t)left; x < f->width && (double)x < left + wide; x++) {
            double part = overlap(top, top + tall, y) * overlap(left, left + wide, x);
            sum += part * image[y * f->width + x];
            area += part;
        }
    return area > 0 ? sum / area : 0;
}

static void draw_line(const frame *f, const float *image, size_t line, char *text)
{
    static const char shades[] = " .:-=+*#%@";
    double range = f->high > f->low ? (double)f->high - f->low : 1;
    for (size_t column = 0; column < f->columns; column++) {
        double shade = (covered(f, image, line, column) - f->low) / range * (sizeof shades - 1);
        text[column] = shades[(size_t)fmin(fmax(shade, 0), sizeof shades - 2)];
    }
    text[f->columns] = '\0';
}

/* A line of text without the spaces at its end. */
static void put_line(char *text)
{
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == ' ')
        end--;
    text[end] = '\0';
    puts(text);
}

/* Cuts or fills a text to so many columns, characters of UTF-8 whole. */
static void fit(char *out, const char *text, size_t columns)
{
    size_t used = 0;
    while (*text && used < columns) {
        do
            *out++ = *text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
        used++;
    }
    memset(out, ' ', columns - used);
    out[columns - used] = '\0';
}

enum { LINE_BYTES = 4 * (COLUMNS + PICTURE_COLUMNS) + 1 };

/* The class names above pictures that stand side by side. */
static void draw_titles(const data_info_facts *facts, const frame *f, const size_t *rows,
                        size_t count)
{
    char text[LINE_BYTES] = "", number[32], name[256], *at = text;
    for (size_t i = 0; i < count; i++) {
        uint32_t label = espalier_dataset_label(facts->dataset, ESPALIER_TRAINING, rows[i]);
        snprintf(name, sizeof name, "%s",
                 data_class_name(facts->dataset, label, number));
        fit(at, printable(name), f->columns);
        at += strlen(at);
        memset(at, ' ', GAP);
        at += GAP;
        *at = '\0';
    }
    put_line(text);
}

static void draw_images(const data_info_facts *facts, const frame *f, const size_t *rows,
                        size_t count, float *images)
{
    size_t inputs = f->height * f->width;
    for (size_t i = 0; i < count; i++)
        espalier_dataset_rows(facts->dataset, ESPALIER_TRAINING, rows[i], 1, images + i * inputs);
    putchar('\n');
    draw_titles(facts, f, rows, count);
    for (size_t line = 0; line < f->lines; line++) {
        char text[LINE_BYTES] = "";
        for (size_t i = 0, at = 0; i < count; i++, at += f->columns + GAP) {
            if (i > 0)
                memset(text + at - GAP, ' ', GAP);
            draw_line(f, images + i * inputs, line, text + at);
        }
        put_line(text);
    }
}

/* ---- tables ------------------------------------------------------------ */

enum { VALUES_MOST = 6, HEAD_COLUMNS = 10 };

static void draw_values(const data_info_facts *facts, const size_t *rows, size_t count)
{
    const espalier_dataset *d = facts->dataset;
    size_t inputs = espalier_dataset_input_count(d);
    size_t shown = inputs < VALUES_MOST ? inputs : VALUES_MOST;
    char number[32], head[4 * HEAD_COLUMNS + 1];
    float *values = memory_take(inputs * sizeof *values);
    table *t = table_create(shown + 1 + (shown < inputs));
    table_cell(t, "class");
    for (size_t i = 0; i < shown; i++) {
        fit(head, data_input_name(d, i, number), HEAD_COLUMNS);
        head[strcspn(head, " ")] = '\0';
        table_cell(t, "%s", head);
    }
    if (shown < inputs)
        table_cell(t, "...");
    for (size_t r = 0; r < count; r++) {
        uint32_t label = espalier_dataset_label(d, ESPALIER_TRAINING, rows[r]);
        espalier_dataset_rows(d, ESPALIER_TRAINING, rows[r], 1, values);
        table_cell(t, "%s", data_class_name(d, label, number));
        for (size_t i = 0; i < shown; i++)
            table_cell(t, "%.4g", (double)values[i]);
        if (shown < inputs)
            table_cell(t, "...");
    }
    putchar('\n');
    table_print(t, 0);
    table_destroy(t);
    free(values);
}

void data_draw(const data_info_facts *facts, const size_t *rows, size_t count)
{
    size_t height, width;
    if (!espalier_dataset_image_shape(facts->dataset, &height, &width)) {
        draw_values(facts, rows, count);
        return;
    }
    frame f = frame_of(height, width, facts->about);
    size_t beside = (COLUMNS + GAP) / (f.columns + GAP);
    float *images = memory_take(beside * height * width * sizeof *images);
    for (size_t i = 0; i < count; i += beside)
        draw_images(facts, &f, rows + i, count - i < beside ? count - i : beside, images);
    free(images);
}
