/* Initial weights. */
#include "net/network.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

/* Glorot & Bengio 2010, eq. 16 (variance 2 / (inputs + outputs)); He et al. 2015,
 * eq. 10 (variance 2 / inputs). A uniform on (-a, a) has the variance a^2 / 3. */
static const struct {
    const char *name;
    bool glorot, normal;
} initialisers[ESPALIER_INITIALISER_COUNT] = {
    [ESPALIER_GLOROT_UNIFORM] = {"glorot-uniform", true, false},
    [ESPALIER_GLOROT_NORMAL] = {"glorot-normal", true, true},
    [ESPALIER_HE_UNIFORM] = {"he-uniform", false, false},
    [ESPALIER_HE_NORMAL] = {"he-normal", false, true},
};

const char *espalier_initialiser_name(espalier_initialiser initialiser)
{
    size_t index = (size_t)initialiser;
    return index < ESPALIER_INITIALISER_COUNT ? initialisers[index].name : NULL;
}

void espalier_network_initialise(espalier_network *network, espalier_initialiser initialiser,
                                 uint64_t seed)
{
    if (!espalier_initialiser_name(initialiser))
        return;
    bool glorot = initialisers[initialiser].glorot, normal = initialisers[initialiser].normal;
    for (size_t l = 0; l < network->layer_count; l++) {
        network_layer *layer = &network->layers[l];
        uint64_t stream = random_stream(RANDOM_INITIALISE, (uint32_t)l);
        double fan = (double)layer->inputs + (glorot ? (double)layer->outputs : 0.0);
        double size = sqrt((normal ? 2.0 : 6.0) / fan);
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++) {
            if (!layer->mask[i])
                layer->weights[i] = 0.0f;
            else if (normal)
                layer->weights[i] = (float)(size * random_normal(seed, stream, i));
            else
                layer->weights[i] = (float)(size * (2.0 * random_uniform(seed, stream, i) - 1.0));
        }
        memset(layer->biases, 0, layer->outputs * sizeof *layer->biases);
    }
}
