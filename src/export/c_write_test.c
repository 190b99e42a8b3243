/* The self-test: rows of the data, and what the program must make of them. */
#include "export/c_write.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "export/c_run.h"
#include "export/c_rows.h"

/* Where the rows come from: the first split that has any. */
static espalier_split source(const espalier_dataset *data)
{
    static const espalier_split order[] = {ESPALIER_TEST, ESPALIER_VALIDATION};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (espalier_dataset_row_count(data, order[i]))
            return order[i];
    return ESPALIER_TRAINING;
}

/* Memory for one row. */
typedef struct room {
    float *row, *scores;
    int16_t *levels;
    int32_t *whole_scores;
    void *workspace;
} room;

typedef struct vectors {
    const c_program *program;
    const espalier_dataset *data;
    espalier_split split;
    size_t count, rows;
    room room;
} vectors;

static void load(const vectors *v, size_t i)
{
    espalier_dataset_rows(v->data, v->split, c_row_at(i, v->count, v->rows), 1, v->room.row);
    if (v->program->type != ESPALIER_EXPORT_FLOAT)
        c_run_levels(v->program, v->room.row, v->room.levels);
}

static bool is_whole(const vectors *v)
{
    return v->program->type != ESPALIER_EXPORT_FLOAT;
}

static void write_rows(c_out *out, const vectors *v)
{
    const c_program *p = v->program;
    c_array_begin(out, c_value_type(p, 0), "rows", 0, v->count * p->row_width);
    for (size_t i = 0; i < v->count; i++) {
        load(v, i);
        for (size_t c = 0; c < p->row_width; c++) {
            if (is_whole(v))
                c_item_whole(out, v->room.levels[c]);
            else
                c_item_float(out, v->room.row[c]);
        }
    }
    c_array_end(out);
}

/* C has no literal for what is not finite. */
static void refuse_row(c_out *out, const vectors *v, size_t i)
{
    error_set(out->error, ESPALIER_ERROR_FORMAT,
              "data: row %zu (counted from 0): expected finite scores for test vectors, found others: "
              "the row's values, or the network's weights, are too large to compute with",
              c_row_at(i, v->count, v->rows));
}

static void write_scores(c_out *out, const vectors *v)
{
    const c_program *p = v->program;
    c_array_begin(out, is_whole(v) ? "int32_t" : "float", "scores", 0, v->count * p->classes);
    for (size_t i = 0; i < v->count; i++) {
        load(v, i);
        if (is_whole(v))
            c_run_whole(p, v->room.levels, v->room.whole_scores, v->room.workspace);
        else
            c_run_float(p, v->room.row, v->room.scores, v->room.workspace);
        for (size_t k = 0; k < p->classes; k++) {
            if (is_whole(v))
                c_item_whole(out, v->room.whole_scores[k]);
            else if (isfinite(v->room.scores[k]))
                c_item_float(out, v->room.scores[k]);
            else
                refuse_row(out, v, i);
        }
    }
    c_array_end(out);
}

static void write_classes(c_out *out, const vectors *v)
{
    c_array_begin(out, "int32_t", "classes", 0, v->count);
    for (size_t i = 0; i < v->count; i++) {
        load(v, i);
        c_item_whole(out, (int64_t)c_run_row(v->program, v->room.row, v->room.workspace));
    }
    c_array_end(out);
}

/* Floats may be fused or rounded otherwise by another compiler, by so much of 1 + size;
 * and then the first of two scores that are as near as that is a matter of chance. */
static void write_function(c_out *out, const vectors *v)
{
    const bool whole = v->program->type != ESPALIER_EXPORT_FLOAT;
    c_put(out, "\nint $_self_test(void);\n\n"
               "/* 0, or 1 + the first row whose class or scores are not as they must be. */\n"
               "int $_self_test(void)\n{\n    %s scores[@_CLASSES];\n",
          whole ? "int32_t" : "float");
    c_put(out, "    for (int32_t row = 0; row < %zu; row++) {\n"
               "        const %s *expected = $_scores + row * @_CLASSES;\n"
               "        const int class = $_predict($_rows + row * @_INPUTS, scores);\n",
          v->count, whole ? "int32_t" : "float");
    if (whole)
        c_put(out, "        if (class != $_classes[row])\n            return (int)row + 1;\n"
                   "        for (int k = 0; k < @_CLASSES; k++)\n"
                   "            if (scores[k] != expected[k])\n"
                   "                return (int)row + 1;\n");
    else
        c_put(out, "        if (class != $_classes[row] && !$_near(expected[class], "
                   "expected[$_classes[row]]))\n            return (int)row + 1;\n"
                   "        for (int k = 0; k < @_CLASSES; k++)\n"
                   "            if (!$_near(scores[k], expected[k]))\n"
                   "                return (int)row + 1;\n");
    c_put(out, "    }\n    return 0;\n}\n\n#ifndef @_NO_MAIN\nint main(void)\n{\n"
               "    return $_self_test() != 0;\n}\n#endif\n");
}

static void write_near(c_out *out)
{
    c_put(out, "\nstatic int $_near(float a, float b)\n{\n"
               "    const float apart = a > b ? a - b : b - a;\n"
               "    return apart <= 1e-5f * (1.0f + (b < 0.0f ? -b : b));\n}\n");
}

static void write_all(c_out *out, const vectors *v, const char *header)
{
    static const char *const splits[] = {"training", "validation", "test"};
    c_put(out, "/* Self-test of $: %zu %s rows and what must come of them. main returns 0 if all do.\n"
               " * On a board: define @_NO_MAIN and call $_self_test(). */\n#include \"",
          v->count, splits[v->split]);
    writer_write(out->file, header, strlen(header), out->error);
    c_put(out, "\"\n\n");
    write_rows(out, v);
    write_scores(out, v);
    write_classes(out, v);
    if (v->program->type == ESPALIER_EXPORT_FLOAT)
        write_near(out);
    write_function(out, v);
}

size_t c_test_vectors(const espalier_export_options *options)
{
    if (!options->test_vectors)
        return 0;
    const size_t rows = espalier_dataset_row_count(options->data, source(options->data));
    return options->test_vectors < rows ? options->test_vectors : rows;
}

espalier_status c_write_test(c_out *out, const c_program *p, const espalier_export_options *options,
                             const char *header)
{
    vectors v = {.program = p, .data = options->data, .split = source(options->data)};
    v.rows = espalier_dataset_row_count(v.data, v.split);
    v.count = c_test_vectors(options);
    v.room.row = memory_array(p->allocator, p->row_width, sizeof(float));
    v.room.scores = memory_array(p->allocator, p->classes, sizeof(float));
    v.room.levels = memory_array(p->allocator, p->row_width, sizeof(int16_t));
    v.room.whole_scores = memory_array(p->allocator, p->classes, sizeof(int32_t));
    v.room.workspace = memory_array(p->allocator, c_run_workspace(p), 1);
    const bool ready = v.room.row && v.room.scores && v.room.levels &&
                       v.room.whole_scores && v.room.workspace;
    if (ready)
        write_all(out, &v, header);
    memory_release(p->allocator, v.room.row);
    memory_release(p->allocator, v.room.scores);
    memory_release(p->allocator, v.room.levels);
    memory_release(p->allocator, v.room.whole_scores);
    memory_release(p->allocator, v.room.workspace);
    return ready ? ESPALIER_OK : error_memory(out->error);
}
