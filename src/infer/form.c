/* A model of what a layer costs in each form. A model and not a measurement at
 * creation, so that the same network always gives the same bytes. bench_forms prints
 * measured points beside it.
 *
 * Times are nanoseconds of an AVX-512 machine at 3.6 GHz; only their ratios matter. */
#include "infer/form.h"

#include <math.h>
#include <stdint.h>

#include "math/kernels.h"
#include "math/pass.h"

/* One row. Dense: a vector of PASS_LANES weights takes the time it comes from the
 * second-level cache; it is stepped over where its input is zero, and so are lists.
 * Lists: a weight is two loads and an addition in place, a list's end a branch that is
 * not foreseen. Tiles: a step takes the time it comes from the second-level cache; a
 * tile fetches its inputs. */
static const double one_vector = 0.65;
static const double one_weight = 0.53, one_list = 4.0;
static const double one_step = 0.75, one_tile = 1.0;

/* Many rows, the time of 16 of them. Dense, stepping over zeros: a vector takes
 * 0.36 ns of a row, an input's mark as much as 1.25 vectors; or not stepping over them:
 * 0.31 ns. Lists: a weight takes 0.42 ns, whatever the inputs are. */
static const double many_vector = 0.36 * 16, many_mark = 1.25, many_plain = 0.31 * 16;
static const double many_weight = 0.42;

static double vectors(size_t outputs)
{
    return (double)(pass_stride(outputs) / PASS_LANES);
}

/* Times of one input, `mean` of whose weights are not zero. */

static double one_dense(size_t outputs, double share)
{
    return share * one_vector * vectors(outputs);
}

static double one_lists(double mean, double share)
{
    return share * (one_weight * mean + one_list);
}

static double one_tiles(double tiles, double steps)
{
    return one_tile * tiles + one_step * steps;
}

static double many_dense(size_t outputs, double share)
{
    const double skipping = share * many_vector * (vectors(outputs) + many_mark);
    return fmin(skipping, many_plain * vectors(outputs));
}

/* ---- a layer ---------------------------------------------------------- */

/* Weights are numbered by 32 bits. */
static bool in_reach(const form_layer *layer)
{
    return layer->nonzero < UINT32_MAX && layer->steps < UINT32_MAX / PASS_LANES;
}

form form_one(const form_layer *layer)
{
    const double inputs = (double)layer->inputs, dense = one_dense(layer->outputs, layer->share);
    const double lists = one_lists((double)layer->nonzero / inputs, layer->share);
    const double tiles = one_tiles((double)layer->tiles, (double)layer->steps) / inputs;
    if (!in_reach(layer) || (dense <= lists && (dense <= tiles || !layer->steps)))
        return FORM_DENSE;
    return layer->steps && tiles < lists ? FORM_TILES : FORM_LISTS;
}

form form_many(const form_layer *layer)
{
    const double mean = (double)layer->nonzero / (double)layer->inputs;
    const double dense = many_dense(layer->outputs, layer->share);
    return in_reach(layer) && many_weight * mean < dense ? FORM_LISTS : FORM_DENSE;
}

/* ---- break-even ------------------------------------------------------- */

/* Tiles and steps for one input at a density d: an output of a tile has k weights with
 * the binomial probability of TILE_INPUTS and d, and a tile as many steps as the
 * largest k of its PASS_LANES outputs:  E = sum over k >= 0 of 1 - P(one <= k)^PASS_LANES */
static double tiles_at(double density, size_t outputs)
{
    double exactly = pow(1.0 - density, TILE_INPUTS), at_most = exactly, steps = 0.0;
    const double empty = pow(exactly, PASS_LANES);
    for (size_t k = 0; k < TILE_INPUTS; k++) {
        steps += 1.0 - pow(at_most, PASS_LANES);
        exactly *= (double)(TILE_INPUTS - k) / (double)(k + 1) * density / (1.0 - density);
        at_most = fmin(at_most + exactly, 1.0);
    }
    return one_tiles(1.0 - empty, steps) * vectors(outputs) / TILE_INPUTS;
}

static double clipped(double density)
{
    return density < 0.0 ? 0.0 : density > 1.0 ? 1.0 : density;
}

double form_one_break_even(size_t outputs, double share, bool tiled)
{
    const double dense = one_dense(outputs, share);
    const double mean = (dense / share - one_list) / one_weight;
    double low = 0.0, high = 1.0; /* density from where tiles are faster to where not */
    for (int halving = 0; tiled && halving < 40; halving++) {
        const double middle = 0.5 * (low + high);
        if (tiles_at(middle, outputs) < dense)
            low = middle;
        else
            high = middle;
    }
    return 1.0 - fmax(clipped(mean / (double)outputs), low);
}

double form_many_break_even(size_t outputs, double share)
{
    return 1.0 - clipped(many_dense(outputs, share) / many_weight / (double)outputs);
}
