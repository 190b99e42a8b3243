/* Networks and rows drawn at random, as a C program may meet them. */
#ifndef EXPORT_C_DRAWN_H
#define EXPORT_C_DRAWN_H

#include "espalier/dataset.h"
#include "net/networks.h"

enum { DRAWN_TRAINING = 160, DRAWN_TEST = 20 };

/* Rows wider than a byte's index, few of whose weights are kept. */
static inline espalier_network *draw_wide(draws *d)
{
    espalier_network *network = make_network((size_t[]){270 + draw_below(d, 500), 9, 5, 3}, 4);
    const size_t kept[] = {1 + draw_below(d, 10), 20 + draw_below(d, 60), 100};
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        const float size = 2.0f / sqrtf((float)layer->inputs);
        for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
            layer->mask[i] = draw_below(d, 100) < kept[l];
            layer->weights[i] = size * draw_float(d);
        }
        for (size_t o = 0; o < layer->outputs; o++)
            layer->biases[o] = 0.1f * draw_float(d);
    }
    espalier_network_apply_masks(network);
    return network;
}

/* No scaling, one pair, a pair for each input, or shifts too large to be folded. */
static inline void draw_scaling(draws *d, espalier_network *network, bool bytes)
{
    static float shift[1024], scale[1024];
    const size_t width = espalier_network_row_width(network), kind = draw_below(d, 4);
    const size_t pairs = kind == 0 ? 0 : kind == 1 ? 1 : width;
    for (size_t i = 0; i < pairs; i++) {
        shift[i] = kind == 1 ? 0.0f : kind == 2 ? 0.3f * draw_float(d) : 3000.0f + draw_float(d);
        scale[i] = bytes ? 1.0f / 255.0f : expf(draw_float(d));
        shift[i] = bytes ? fabsf(shift[i]) / 100.0f : shift[i];
    }
    assert_int_equal(espalier_network_set_scaling(network, pairs, shift, scale), ESPALIER_OK);
}

static inline espalier_network *draw_whole(draws *d, size_t round, bool bytes)
{
    espalier_network *network = round % 4 == 3 ? draw_wide(d) : draw_network(d, 20 + round % 4 * 40);
    espalier_network *small = NULL;
    draw_scaling(d, network, bytes);
    if (round % 2 == 0)
        return network;
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    espalier_network_destroy(network);
    return small;
}

/* Rows that the network's scaling brings to about 0 +- 1. */
static inline espalier_dataset *draw_rows(draws *d, const espalier_network *network, bool bytes)
{
    enum { ROWS = DRAWN_TRAINING + DRAWN_TEST };
    static float values[ROWS * 1024];
    static uint8_t raw[ROWS * 1024];
    static uint32_t labels[ROWS];
    const float *shift, *scale;
    const size_t width = espalier_network_row_width(network);
    const size_t pairs = espalier_network_scaling(network, &shift, &scale);
    const size_t classes = espalier_network_class_count(network);
    espalier_dataset *data = NULL;
    for (size_t r = 0; r < ROWS; r++)
        labels[r] = (uint32_t)draw_below(d, classes);
    for (size_t i = 0; i < ROWS * width; i++) {
        const size_t pair = pairs > 1 ? i % width : 0;
        raw[i] = draw_below(d, 2) ? 0 : (uint8_t)draw_below(d, 256);
        values[i] = pairs ? shift[pair] + draw_float(d) / scale[pair] : draw_float(d);
    }
    espalier_status status =
        bytes ? espalier_dataset_from_bytes(raw, labels, DRAWN_TRAINING, DRAWN_TEST, width, classes,
                                            NULL, NULL, &data, NULL)
              : espalier_dataset_from_floats(values, labels, DRAWN_TRAINING, DRAWN_TEST, width,
                                             classes, NULL, NULL, &data, NULL);
    assert_int_equal(status, ESPALIER_OK);
    return data;
}

#endif
