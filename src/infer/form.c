/* A model of what a layer costs in each form. A model and not a measurement at
 * creation, so that the same network always gives the same bytes. bench_forms prints
 * measured points beside it. */
#include "infer/form.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "math/pass.h"

/* Nanoseconds of one machine for each instruction set; only their ratios matter. */
typedef struct costs {
    const char *kernels;
    /* One row. Dense: a vector of PASS_LANES weights takes the time it comes from the
     * second-level cache; it is stepped over where its input is zero, and so are lists.
     * Lists: a weight is two loads and an addition in place, a list's end a branch that is
     * not foreseen. Tiles: a step takes the time it comes from the second-level cache; a
     * tile fetches its inputs. */
    double one_vector, one_weight, one_list, one_step, one_tile;
    /* Many rows, for one of them. Dense, stepping over zeros: a vector, and an input's mark in
     * vectors; a vector if not stepping over them. Lists: a weight, whatever the inputs are. */
    double many_vector, many_mark, many_plain, many_weight;
} costs;

/* The last one for all others. */
static const costs known[] = {
    {"avx512", 0.65, 0.53, 4.0, 0.75, 1.0, 0.36, 1.25, 0.31, 0.36 / 16},
    {"avx2", 1.4, 1.1, 4.2, 1.15, 0.0, 0.85, 1.25, 0.46, 0.06},
    {"plain", 2.9, 1.1, 4.2, 0.0, 0.0, 1.7, 1.25, 1.0, 0.125},
};

enum { KNOWN = sizeof known / sizeof *known };

static const costs *costs_of(const math_kernels *kernels)
{
    size_t at = 0;
    while (at + 1 < KNOWN && strcmp(known[at].kernels, kernels->name) != 0)
        at++;
    return &known[at];
}

static double vectors(size_t outputs)
{
    return (double)(pass_stride(outputs) / PASS_LANES);
}

/* Times of one input, `mean` of whose weights are not zero. */

static double one_dense(const costs *c, size_t outputs, double share)
{
    return share * c->one_vector * vectors(outputs);
}

static double one_lists(const costs *c, double mean, double share)
{
    return share * (c->one_weight * mean + c->one_list);
}

static double one_tiles(const costs *c, double tiles, double steps)
{
    return c->one_tile * tiles + c->one_step * steps;
}

static double many_dense(const costs *c, size_t outputs, double share)
{
    const double skipping = share * c->many_vector * (vectors(outputs) + c->many_mark);
    return fmin(skipping, c->many_plain * vectors(outputs));
}

/* ---- a layer ---------------------------------------------------------- */

/* Weights are numbered by 32 bits. */
static bool in_reach(const form_layer *layer)
{
    return layer->nonzero < UINT32_MAX && layer->steps < UINT32_MAX / PASS_LANES;
}

form form_one(const math_kernels *kernels, const form_layer *layer)
{
    const costs *c = costs_of(kernels);
    const double inputs = (double)layer->inputs;
    const double dense = one_dense(c, layer->outputs, layer->share);
    const double lists = one_lists(c, (double)layer->nonzero / inputs, layer->share);
    const double tiles = one_tiles(c, (double)layer->tiles, (double)layer->steps) / inputs;
    if (!in_reach(layer) || (dense <= lists && (dense <= tiles || !layer->steps)))
        return FORM_DENSE;
    return layer->steps && tiles < lists ? FORM_TILES : FORM_LISTS;
}

form form_many(const math_kernels *kernels, const form_layer *layer)
{
    const costs *c = costs_of(kernels);
    const double mean = (double)layer->nonzero / (double)layer->inputs;
    const double dense = many_dense(c, layer->outputs, layer->share);
    return in_reach(layer) && c->many_weight * mean < dense ? FORM_LISTS : FORM_DENSE;
}

/* ---- break-even ------------------------------------------------------- */

/* Tiles and steps for one input at a density d: an output of a tile has k weights with
 * the binomial probability of the tile's inputs and d, and as many steps as the largest k of
 * its outputs are needed:  E = sum over k >= 0 of 1 - P(one <= k)^outputs */
static double tiles_at(const costs *c, const tile_shape *shape, double density, size_t outputs)
{
    const double lanes = (double)shape->outputs, inputs = (double)shape->inputs;
    double exactly = pow(1.0 - density, inputs), at_most = exactly, steps = 0.0, tiles = 0.0;
    for (size_t k = 0; k < shape->inputs; k++) {
        const double more = 1.0 - pow(at_most, lanes);
        steps += more;
        tiles += k % shape->steps == 0 ? more : 0.0;
        exactly *= (inputs - (double)k) / (double)(k + 1) * density / (1.0 - density);
        at_most = fmin(at_most + exactly, 1.0);
    }
    return one_tiles(c, tiles, steps) * vectors(outputs) * PASS_LANES / lanes / inputs;
}

static double clipped(double density)
{
    return density < 0.0 ? 0.0 : density > 1.0 ? 1.0 : density;
}

double form_one_break_even(const math_kernels *kernels, size_t outputs, double share)
{
    const costs *c = costs_of(kernels);
    const double dense = one_dense(c, outputs, share);
    const double mean = (dense / share - c->one_list) / c->one_weight;
    const bool tiled = kernels->multiply_tiles != NULL;
    double low = 0.0, high = 1.0; /* density from where tiles are faster to where not */
    for (int halving = 0; tiled && halving < 40; halving++) {
        const double middle = 0.5 * (low + high);
        if (tiles_at(c, &kernels->tile, middle, outputs) < dense)
            low = middle;
        else
            high = middle;
    }
    return 1.0 - fmax(clipped(mean / (double)outputs), low);
}

double form_many_break_even(const math_kernels *kernels, size_t outputs, double share)
{
    const costs *c = costs_of(kernels);
    return 1.0 - clipped(many_dense(c, outputs, share) / c->many_weight / (double)outputs);
}
