/* The regulariser of singular values: options, when it acts, and its proximal operator.
 * The decomposition itself is math/svd.c's. */
#include "espalier/regularise.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "format/state.h"
#include "math/svd.h"
#include "train/rate.h"
#include "train/trainer.h"

struct espalier_regulariser {
    const espalier_allocator *allocator;
    espalier_regulariser_options options;
    size_t first;   /* epoch from which on it acts; 0 = not yet known */
    size_t updates; /* of the weights since it last acted */
    double rates;   /* sum of their learning rates */
};

espalier_regulariser_options espalier_regulariser_options_defaults(void)
{
    return (espalier_regulariser_options){.start_accuracy = 0.8, .every = 1, .interval = 400};
}

espalier_status espalier_regulariser_options_check(const espalier_regulariser_options *o,
                                                   espalier_error *error)
{
    const struct {
        const char *field, *range;
        double value;
        bool holds;
    } rules[] = {
        {"nuclear", "0 or more", o->nuclear, o->nuclear >= 0.0 && isfinite(o->nuclear)},
        {"nuclear_weighted", "0 or more", o->nuclear_weighted,
         o->nuclear_weighted >= 0.0 && isfinite(o->nuclear_weighted)},
        {"start_accuracy", "0 to 1", o->start_accuracy,
         o->start_accuracy >= 0.0 && o->start_accuracy <= 1.0},
        {"every", "at least 1", (double)o->every, o->every >= 1},
        {"interval", "at least 1", (double)o->interval, o->interval >= 1},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!rules[i].holds)
            return error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected %s, found %g",
                             rules[i].field, rules[i].range, rules[i].value);
    return ESPALIER_OK;
}

espalier_status espalier_regulariser_create(const espalier_regulariser_options *options,
                                            const espalier_allocator *allocator,
                                            espalier_regulariser **regulariser,
                                            espalier_error *error)
{
    espalier_regulariser_options chosen =
        options ? *options : espalier_regulariser_options_defaults();
    float probe = 1.0f, value;
    espalier_status status = espalier_regulariser_options_check(&chosen, error);
    if (status == ESPALIER_OK) /* is there a LAPACK? */
        status = svd(&probe, 1, 1, &value, NULL, NULL, allocator, error);
    if (status != ESPALIER_OK)
        return status;
    espalier_regulariser *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    made->options = chosen;
    *regulariser = made;
    return ESPALIER_OK;
}

void espalier_regulariser_destroy(espalier_regulariser *regulariser)
{
    if (regulariser)
        memory_release(regulariser->allocator, regulariser);
}

/* ---- the proximal operator ------------------------------------------------- */

/* A layer's decomposition: W = U diag(s) V', k = min(outputs, inputs). */
typedef struct shrinkage {
    float *a;  /* [outputs][inputs], a copy of W that svd() may destroy */
    float *s;  /* [k] */
    float *u;  /* [outputs][k] */
    float *vt; /* [k][inputs] */
    size_t k;
} shrinkage;

/* s_i <- max(s_i - t (nuclear + weighted i), 0), i = 1 … k; columns of U times s.
 * Returns the number of values above zero: they come first, for what is taken off grows
 * while s falls. */
static size_t shrink_values(const espalier_regulariser_options *o, double t, size_t rows,
                            shrinkage *w)
{
    size_t left = 0;
    for (size_t i = 0; i < w->k; i++) {
        const double off = t * (o->nuclear + o->nuclear_weighted * (double)(i + 1));
        w->s[i] = (float)fmax((double)w->s[i] - off, 0.0);
        left += w->s[i] > 0.0f;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < left; i++)
            w->u[r * w->k + i] *= w->s[i];
    return left;
}

static espalier_status shrink_with(const espalier_regulariser *regulariser, double t, size_t l,
                                   const math_backend *math, shrinkage *w, network_layer *layer,
                                   espalier_error *error)
{
    const size_t rows = layer->outputs, columns = layer->inputs, weights = rows * columns;
    espalier_error said = {0};
    memcpy(w->a, layer->weights, weights * sizeof *w->a);
    espalier_status status =
        svd(w->a, rows, columns, w->s, w->u, w->vt, regulariser->allocator, &said);
    if (status != ESPALIER_OK)
        return error_set(error, status, "regulariser, layer %zu: %s", l, said.message);
    const size_t left = shrink_values(&regulariser->options, t, rows, w);
    memset(layer->weights, 0, weights * sizeof *layer->weights);
    if (left)
        math->gemm(false, false, rows, columns, left, w->u, w->k, w->vt, columns, true,
                   layer->weights, columns);
    return ESPALIER_OK;
}

/* W <- U max(diag(s) - t c, 0) V', the W' that makes least
 *     1/2 |W' - W|^2 + t sum_i c_i s_i(W')
 * For c = 1 (the nuclear norm) this is the singular value thresholding of Cai, Candès &
 * Shen 2010. For c_i = i the sum is not convex, but c does not fall while s does not
 * rise, and then the same formula gives a global minimum: Chen, Dong & Chan 2013
 * (Biometrika 100), Gu et al. 2014 (CVPR, weighted nuclear norm minimization). */
static espalier_status shrink_layer(const espalier_regulariser *regulariser, double t, size_t l,
                                    const math_backend *math, network_layer *layer,
                                    espalier_error *error)
{
    const espalier_allocator *allocator = regulariser->allocator;
    const size_t rows = layer->outputs, columns = layer->inputs;
    shrinkage w = {.k = rows < columns ? rows : columns};
    w.a = memory_array(allocator, rows * columns, sizeof *w.a);
    w.s = memory_array(allocator, w.k, sizeof *w.s);
    w.u = memory_array(allocator, rows * w.k, sizeof *w.u);
    w.vt = memory_array(allocator, w.k * columns, sizeof *w.vt);
    espalier_status status =
        w.a && w.s && w.u && w.vt
            ? shrink_with(regulariser, t, l, math, &w, layer, error)
            : error_memory(error);
    memory_release(allocator, w.vt);
    memory_release(allocator, w.u);
    memory_release(allocator, w.s);
    memory_release(allocator, w.a);
    return status;
}

/* A layer written as two factors has no matrix of its own whose values could be shrunk. */
static bool is_factor(const espalier_network *network, size_t l)
{
    return !network_has_activation(network, l) || (l > 0 && !network_has_activation(network, l - 1));
}

static espalier_status shrink(espalier_regulariser *regulariser, espalier_trainer *trainer,
                              espalier_error *error)
{
    espalier_network *network = espalier_trainer_network(trainer);
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; status == ESPALIER_OK && l + 1 < network->layer_count; l++)
        if (!is_factor(network, l))
            status = shrink_layer(regulariser, regulariser->rates, l, trainer->batch.math,
                                  &network->layers[l], error);
    regulariser->updates = 0;
    regulariser->rates = 0.0;
    espalier_network_apply_masks(network); /* for who hears of this batch next */
    espalier_trainer_adjusted(trainer);
    return status;
}

/* ---- when it acts ------------------------------------------------------------ */

static espalier_status after_batch(espalier_regulariser *regulariser, espalier_trainer *trainer,
                                   const espalier_event *event, espalier_error *error)
{
    const espalier_regulariser_options *o = &regulariser->options;
    if (!regulariser->first || event->epoch < regulariser->first ||
        (event->epoch - regulariser->first) % o->every)
        return ESPALIER_OK;
    regulariser->updates++;
    regulariser->rates +=
        rate_at(&trainer->options, event->epoch - 1, event->batch - 1, event->batches);
    if (regulariser->updates < o->interval && event->batch < event->batches)
        return ESPALIER_OK;
    return shrink(regulariser, trainer, error);
}

/* A run that never came to its penalty is one without it, and must not pass for one with it. */
static espalier_status after_run(const espalier_regulariser *regulariser, espalier_trainer *trainer,
                                 const espalier_event *end, espalier_error *error)
{
    char words[160];
    espalier_event event = *end;
    if (regulariser->first && regulariser->first <= end->epoch)
        return ESPALIER_OK;
    snprintf(words, sizeof words,
             "the penalty on singular values never acted: no epoch before the last reached a "
             "training accuracy of %g %%",
             100 * regulariser->options.start_accuracy);
    event.kind = ESPALIER_EVENT_NOTE;
    event.note = words;
    event.warning = true;
    return espalier_trainer_announce(trainer, &event, error);
}

static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    espalier_regulariser *regulariser = context;
    const espalier_regulariser_options *o = &regulariser->options;
    if (o->nuclear == 0.0 && o->nuclear_weighted == 0.0)
        return ESPALIER_OK;
    if (event->kind == ESPALIER_EVENT_BATCH)
        return after_batch(regulariser, trainer, event, error);
    if (event->kind == ESPALIER_EVENT_END)
        return after_run(regulariser, trainer, event, error);
    if (event->kind == ESPALIER_EVENT_BEGIN) {
        regulariser->first = o->start_accuracy > 0.0 ? 0 : 1;
        regulariser->updates = 0;
        regulariser->rates = 0.0;
    } else if (event->kind == ESPALIER_EVENT_EPOCH && !regulariser->first &&
               event->result->training_accuracy >= o->start_accuracy) {
        regulariser->first = event->epoch + 1;
    }
    return ESPALIER_OK;
}

/* ---- between processes ---------------------------------------------------------- */

static json_t *options_value(const espalier_regulariser_options *o)
{
    state s = state_new();
    state_put_real(&s, "nuclear", o->nuclear);
    state_put_real(&s, "nuclear_weighted", o->nuclear_weighted);
    state_put_real(&s, "start_accuracy", o->start_accuracy);
    state_put_count(&s, "every", o->every);
    state_put_count(&s, "interval", o->interval);
    return state_value(&s);
}

static espalier_status save(void *context, char **text, espalier_error *error)
{
    const espalier_regulariser *regulariser = context;
    state s = state_new();
    state_put_count(&s, "first", regulariser->first);
    state_put_count(&s, "updates", regulariser->updates);
    state_put_real(&s, "rates", regulariser->rates);
    state_put(&s, "options", options_value(&regulariser->options));
    *text = state_text(&s);
    return *text ? ESPALIER_OK : error_memory(error);
}

static espalier_status restore(void *context, const char *text, espalier_error *error)
{
    espalier_regulariser *regulariser = context;
    state s = state_read(text);
    regulariser->first = (size_t)state_count(&s, "first", UINT32_MAX);
    regulariser->updates = (size_t)state_count(&s, "updates", SIZE_MAX);
    regulariser->rates = state_real(&s, "rates");
    const espalier_status status =
        state_same_options(&s, "options", options_value(&regulariser->options), "regulariser", error);
    const espalier_status read = state_end(&s, "regulariser", error);
    return status ? status : read;
}

size_t espalier_regulariser_first_epoch(const espalier_regulariser *regulariser)
{
    return regulariser->first;
}

espalier_observer espalier_regulariser_observer(espalier_regulariser *regulariser)
{
    static const espalier_keeper keeper = {"regulariser", save, restore};
    return (espalier_observer){
        .context = regulariser, .notify = notify, .batches = true, .keeper = &keeper};
}
