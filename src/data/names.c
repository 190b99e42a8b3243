/* The table of known names: adding a data set is one row.
 *
 * Addresses are the publishers'; MNIST's own page no longer hands out its files, and
 * the address here is the copy that TensorFlow Datasets takes. Sizes and SHA-256 are
 * those that TensorFlow Datasets and torchvision publish for these addresses.
 * docs/data.md says what could be compared with real files. */
#define _POSIX_C_SOURCE 200809L
#include "data/names.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Xiao, Rasul & Vollgraf 2017, "Fashion-MNIST", table 1. */
static const char *const fashion_classes[] = {"T-shirt/top", "Trouser", "Pullover", "Dress",
                                              "Coat",        "Sandal",  "Shirt",    "Sneaker",
                                              "Bag",         "Ankle boot"};

/* Clanuwat et al. 2018, "Deep Learning for Classical Japanese Literature": one hiragana
 * of each column of their table, by its reading. */
static const char *const kmnist_classes[] = {"o",  "ki", "su", "tsu", "na",
                                             "ha", "ma", "ya", "re",  "wo"};

/* Upper and lower case of a letter are one class. */
static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                      "j", "k", "l", "m", "n", "o", "p", "q", "r",
                                      "s", "t", "u", "v", "w", "x", "y", "z"};

/* The test files come first and the training labels last: see named.h. */
static const espalier_named_file mnist_files[] = {
    {"t10k-images-idx3-ubyte.gz", 1648877,
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"t10k-labels-idx1-ubyte.gz", 4542,
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
    {"train-images-idx3-ubyte.gz", 9912422,
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"train-labels-idx1-ubyte.gz", 28881,
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
};
static const espalier_named_file fashion_files[] = {
    {"t10k-images-idx3-ubyte.gz", 4422102,
     "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
    {"t10k-labels-idx1-ubyte.gz", 5148,
     "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
    {"train-images-idx3-ubyte.gz", 26421880,
     "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
    {"train-labels-idx1-ubyte.gz", 29515,
     "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
};
static const espalier_named_file kmnist_files[] = {
    {"t10k-images-idx3-ubyte.gz", 3041136,
     "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"},
    {"t10k-labels-idx1-ubyte.gz", 5120,
     "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"},
    {"train-images-idx3-ubyte.gz", 18165135,
     "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"},
    {"train-labels-idx1-ubyte.gz", 29497,
     "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"},
};
static const espalier_named_file emnist_files[] = {
    {"gzip.zip", 561753746, "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"},
};

#define FETCH(name) "get it with 'espalier data fetch " name "'"
#define FILES(files) sizeof(files) / sizeof *(files), files

static const named_set sets[] = {
    {"mnist", "handwritten digits", "Y. LeCun, C. Cortes, C. Burges; http://yann.lecun.com/exdb/mnist",
     "CC BY-SA 3.0", 60000, 10000, 28, 28, 10, NULL, NULL,
     FETCH("mnist") ", or put its four IDX files into a folder mnist in --data-dir",
     "https://storage.googleapis.com/cvdf-datasets/mnist/", FILES(mnist_files)},
    {"fashion-mnist", "pictures of clothes",
     "H. Xiao, K. Rasul, R. Vollgraf (Zalando); https://github.com/zalandoresearch/fashion-mnist",
     "MIT", 60000, 10000, 28, 28, 10, fashion_classes, "/usr/share/datasets/fashion-mnist",
     "install Debian's package dataset-fashion-mnist, or " FETCH("fashion-mnist"),
     "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", FILES(fashion_files)},
    {"kmnist", "cursive Japanese hiragana",
     "CODH, adapted from NIJL's Kuzushiji Dataset, doi:10.20676/00000341; "
     "https://github.com/rois-codh/kmnist",
     "CC BY-SA 4.0", 60000, 10000, 28, 28, 10, kmnist_classes, NULL, FETCH("kmnist"),
     "http://codh.rois.ac.jp/kmnist/dataset/kmnist/", FILES(kmnist_files)},
    {"emnist-letters", "handwritten letters",
     "G. Cohen, S. Afshar, J. Tapson, A. van Schaik, from NIST Special Database 19; "
     "https://www.nist.gov/itl/products-and-services/emnist-dataset",
     "none stated", 124800, 20800, 28, 28, 26, letters, NULL, FETCH("emnist-letters"),
     "https://biometrics.nist.gov/cs_links/EMNIST/", FILES(emnist_files)},
};

const espalier_named_set *espalier_named_set_at(size_t index)
{
    return index < sizeof sets / sizeof *sets ? &sets[index] : NULL;
}

const espalier_named_set *espalier_named_set_find(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i];
    return NULL;
}

const named_set *named_set_find(const char *name)
{
    return espalier_named_set_find(name);
}

/* Puts "FOLDER/NAME" into path if that is there and fits. */
static bool there(const char *folder, const char *name, char *path, size_t path_bytes)
{
    char candidate[4096];
    struct stat facts;
    size_t end = strlen(folder);
    const char *slash = *name && (end == 0 || folder[end - 1] != '/') ? "/" : "";
    int length = snprintf(candidate, sizeof candidate, "%s%s%s", folder, slash, name);
    if (length < 0 || (size_t)length >= sizeof candidate || (size_t)length >= path_bytes ||
        stat(candidate, &facts) != 0)
        return false;
    memcpy(path, candidate, (size_t)length + 1);
    return true;
}

bool espalier_named_set_locate(const espalier_named_set *set, const char *const *directories,
                               size_t directory_count, char *path, size_t path_bytes)
{
    for (size_t i = 0; i < directory_count; i++)
        if (there(directories[i], set->name, path, path_bytes))
            return true;
    return set->system_folder && there(set->system_folder, "", path, path_bytes);
}
