/* The table of known names: adding a data set is one row. */
#include "data/names.h"

#include <string.h>

/* Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST", table 1. */
static const char *const fashion_classes[] = {"T-shirt/top", "Trouser", "Pullover", "Dress",
                                              "Coat",        "Sandal",  "Shirt",    "Sneaker",
                                              "Bag",         "Ankle boot"};

static const named_set sets[] = {
    {"fashion-mnist", "/usr/share/datasets/fashion-mnist",
     "install Debian's package dataset-fashion-mnist", 10, fashion_classes},
    {"mnist", NULL,
     "put its four IDX files into a folder and give that folder, or a folder mnist in --data-dir",
     10, NULL},
};

const named_set *named_set_find(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i];
    return NULL;
}
