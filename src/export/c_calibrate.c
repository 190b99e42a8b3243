/* Calibration: the range of each hidden layer's values in several ways, for int8 also with
 * equalised neurons, and the way whose program classifies most validation rows rightly. */
#include "export/c_calibrate.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "export/c_curve.h"
#include "export/c_equalise.h"
#include "export/c_quantise.h"
#include "export/c_rows.h"
#include "export/c_run.h"

/* Below it, levels for a unit of a column's value would be beyond float32: that is constant. */
static const double half_least = 1e-33;

/* Enough for the largest value of a layer to be known within a few percent, few enough
 * to take a second. */
enum { ROWS_MOST = 4096, BINS = 2048 };

/* The sizes of a layer's values: all from 0 to `largest` in equal bins. Exact zeros are
 * left out: every range has them. */
typedef struct spread {
    double largest;
    uint64_t bins[BINS];
} spread;

/* ---- ways to choose a range ------------------------------------------- */

static double up_to(const spread *s, double share)
{
    uint64_t all = 0, seen = 0;
    size_t b = 0;
    for (size_t i = 0; i < BINS; i++)
        all += s->bins[i];
    for (; b < BINS - 1; b++) {
        seen += s->bins[b];
        if ((double)seen >= share * (double)all)
            break;
    }
    return s->largest * (double)(b + 1) / BINS;
}

/* Values beyond a range r lose what is beyond it, the others are rounded to steps of
 * r / top, with a mean square error of a twelfth of a step's square. */
static double least_squares(const spread *s, int32_t top)
{
    double best = s->largest, least = INFINITY;
    for (size_t b = BINS / 8; b <= BINS; b++) {
        const double r = s->largest * (double)b / BINS, step = r / top;
        double error = 0.0;
        for (size_t i = 0; i < BINS; i++) {
            const double beyond = s->largest * ((double)i + 0.5) / BINS - r;
            error += (double)s->bins[i] * (beyond > 0.0 ? beyond * beyond : step * step / 12.0);
        }
        if (error < least) {
            least = error;
            best = r;
        }
    }
    return best;
}

enum { LARGEST, MOST, MORE, SQUARES, WAYS };
static const char *const ways[] = {"up to the largest", "up to 99.99 % of those above 0",
                                   "up to 99.9 % of those above 0",
                                   "with the least square error"};

static double range_by(const spread *s, int way, int32_t top)
{
    if (s->largest <= 0.0)
        return 1.0;
    switch (way) {
    case LARGEST:
        return s->largest;
    case MOST:
        return up_to(s, 0.9999);
    case MORE:
        return up_to(s, 0.999);
    default:
        return least_squares(s, top);
    }
}

/* ---- looking at rows -------------------------------------------------- */

typedef struct survey {
    c_program *program;
    const espalier_dataset *data;
    espalier_split split;       /* whose rows are looked at */
    size_t rows, count, hidden; /* how many it has, those looked at, hidden neurons */
    float *row, *values;
    float *sizes;    /* [2][hidden] the largest values; then what c_equalise_find() writes */
    int *shifts;     /* [hidden] */
    void *workspace;
    spread *spreads; /* [hidden layers] */
    double *ranges;  /* [hidden layers] */
} survey;

static void look(survey *s, bool second)
{
    const c_program *p = s->program;
    for (size_t i = 0; i < s->count; i++) {
        const float *value = s->values;
        float *most = s->sizes;
        espalier_dataset_rows(s->data, s->split, c_row_at(i, s->count, s->rows), 1, s->row);
        c_run_values(p, s->row, s->values, s->workspace);
        for (size_t l = 0; l + 1 < p->layer_count; l++) {
            spread *here = &s->spreads[l];
            for (size_t o = 0; o < p->layers[l].outputs; o++, value++, most++) {
                const double size = fabs((double)*value);
                if (!second && size > (double)*most && isfinite(size))
                    *most = (float)size;
                if (!second && size > here->largest && isfinite(size))
                    here->largest = size;
                if (second && size > 0.0 && isfinite(size))
                    here->bins[(size_t)fmin(size / here->largest * BINS, BINS - 1)]++;
            }
        }
    }
}

/* Values as the weights are now. */
static void look_at_values(survey *s)
{
    memset(s->spreads, 0, s->program->layer_count * sizeof *s->spreads);
    memset(s->sizes, 0, s->hidden * sizeof *s->sizes);
    look(s, false);
    look(s, true);
}

/* The scale of an input goes into the weights that read it. Where each has its own, a neuron's weights differ
 * as the scales do, and the 127 steps of int8 are too few for the small ones; levels of each column's own
 * range keep them alike. */
static bool takes_bytes(const c_program *p)
{
    const float *shift, *scale;
    const size_t pairs = espalier_network_scaling(p->network, &shift, &scale);
    size_t i = 1;
    while (i < pairs && scale[i] == scale[0])
        i++;
    return p->type != ESPALIER_EXPORT_INT8 || i >= pairs;
}

/* Rows that are bytes already, and otherwise the middle and half the width of what each
 * column holds. All rows are looked at. */
static void look_at_inputs(survey *s)
{
    c_program *p = s->program;
    c_input *input = &p->input;
    input->bytes = takes_bytes(p);
    input->top = UINT8_MAX;
    for (size_t i = 0; i < s->rows; i++) {
        espalier_dataset_rows(s->data, s->split, i, 1, s->row);
        for (size_t c = 0; c < p->row_width; c++) {
            const float v = s->row[c];
            input->bytes = input->bytes && v >= 0.0f && v <= 255.0f && v == floorf(v);
            input->offset[c] = i == 0 || v < input->offset[c] ? v : input->offset[c];
            input->range[c] = i == 0 || v > input->range[c] ? v : input->range[c];
        }
    }
    for (size_t c = 0; c < p->row_width; c++) {
        const double low = (double)input->offset[c], high = (double)input->range[c];
        const double half = 0.5 * (high - low);
        input->offset[c] = (float)(low + half);
        input->range[c] = half > half_least ? (float)half : 1.0f;
    }
}

static bool reserve(survey *s)
{
    c_program *p = s->program;
    const espalier_allocator *a = p->allocator;
    for (size_t l = 0; l + 1 < p->layer_count; l++)
        s->hidden += p->layers[l].outputs;
    s->row = memory_array(a, p->row_width, sizeof *s->row);
    s->values = memory_array(a, s->hidden, sizeof *s->values);
    s->sizes = memory_array(a, s->hidden, 2 * sizeof *s->sizes);
    s->shifts = memory_array(a, s->hidden, sizeof *s->shifts);
    s->workspace = memory_array(a, c_run_workspace(p), 1);
    s->spreads = memory_array(a, p->layer_count, sizeof *s->spreads);
    s->ranges = memory_array(a, p->layer_count, sizeof *s->ranges);
    p->input.offset = memory_array(a, p->row_width, sizeof(float));
    p->input.range = memory_array(a, p->row_width, sizeof(float));
    p->input.gain = memory_array(a, p->row_width, sizeof(float));
    return s->row && s->values && s->sizes && s->shifts && s->workspace && s->spreads && s->ranges &&
           p->input.offset && p->input.range && p->input.gain;
}

static void release(survey *s)
{
    const espalier_allocator *a = s->program->allocator;
    memory_release(a, s->row);
    memory_release(a, s->values);
    memory_release(a, s->sizes);
    memory_release(a, s->shifts);
    memory_release(a, s->workspace);
    memory_release(a, s->spreads);
    memory_release(a, s->ranges);
}

/* ---- choosing --------------------------------------------------------- */

static void quantise(survey *s, int way)
{
    c_program *p = s->program;
    const int32_t top = p->type == ESPALIER_EXPORT_INT8 ? 255 : 8191;
    for (size_t l = 0; l + 1 < p->layer_count; l++)
        s->ranges[l] = range_by(&s->spreads[l], way, top);
    c_quantise(p, s->ranges);
}

typedef struct choice {
    int way;
    bool equalised;
    uint64_t right; /* rows */
} choice;

static espalier_status try_ways(survey *s, bool equalised, choice *best, espalier_error *error)
{
    const size_t validation = espalier_dataset_row_count(s->data, ESPALIER_VALIDATION);
    const espalier_split judge = validation ? ESPALIER_VALIDATION : s->split;
    for (int way = 0; way < WAYS; way++) {
        uint64_t right;
        quantise(s, way);
        espalier_status status = c_rows_right(s->program, s->data, judge,
                                              validation ? SIZE_MAX : s->count, &right, error);
        if (status != ESPALIER_OK)
            return status;
        if (right > best->right)
            *best = (choice){way, equalised, right};
    }
    return ESPALIER_OK;
}

/* 16 bits have levels enough for unlike neurons. */
static espalier_status choose(survey *s, espalier_error *error)
{
    c_program *p = s->program;
    choice best = {LARGEST, false, 0};
    look_at_values(s);
    const bool unlike = p->type == ESPALIER_EXPORT_INT8 &&
                        c_equalise_find(p, s->sizes, s->sizes + s->hidden, s->shifts);
    espalier_status status = try_ways(s, false, &best, error);
    if (status == ESPALIER_OK && unlike) {
        c_equalise(p, s->shifts, 1);
        look_at_values(s);
        status = try_ways(s, true, &best, error);
    }
    if (status != ESPALIER_OK)
        return status;
    if (unlike && !best.equalised) {
        c_equalise(p, s->shifts, -1);
        look_at_values(s);
    }
    quantise(s, best.way);
    p->method = ways[best.way];
    p->equalised = best.equalised;
    p->validation_rows = espalier_dataset_row_count(s->data, ESPALIER_VALIDATION);
    p->calibration = s->split;
    p->calibration_rows = s->count;
    return ESPALIER_OK;
}

static bool make_curves(c_program *p)
{
    static const espalier_activation kinds[] = {ESPALIER_SIGMOID, ESPALIER_TANH};
    const size_t entries = ((size_t)1 << c_curve_bits(p->type)) + 1;
    for (size_t k = 0; k < 2; k++) {
        p->curves[k] = memory_array(p->allocator, entries, sizeof *p->curves[k]);
        for (size_t i = 0; p->curves[k] && i < entries; i++)
            p->curves[k][i] = c_curve_entry(p->type, kinds[k], i);
    }
    return p->curves[0] && p->curves[1];
}

espalier_status c_calibrate(c_program *p, const espalier_dataset *data, espalier_error *error)
{
    const bool training = espalier_dataset_row_count(data, ESPALIER_TRAINING) > 0;
    survey s = {.program = p, .data = data, .split = training ? ESPALIER_TRAINING : ESPALIER_TEST};
    s.rows = espalier_dataset_row_count(data, s.split);
    s.count = s.rows < ROWS_MOST ? s.rows : ROWS_MOST;
    espalier_status status = ESPALIER_OK;
    if (!reserve(&s) || !make_curves(p))
        status = error_memory(error);
    if (status == ESPALIER_OK)
        status = c_quantise_reserve(p, error);
    if (status == ESPALIER_OK) {
        look_at_inputs(&s);
        if (p->input.bytes) {
            memory_release(p->allocator, p->input.offset);
            memory_release(p->allocator, p->input.range);
            memory_release(p->allocator, p->input.gain);
            p->input.offset = p->input.range = p->input.gain = NULL;
        }
        status = choose(&s, error);
    }
    release(&s);
    return status;
}
