/* Names of tensors: the words in them, and their order. */
#include "import/state_dict_names.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"

static const struct {
    const char *word;
    role role;
    bool in_first;
} words[] = {
    {"weight_ih", ROLE_RECURRENT, false}, /* PyTorch's RNN, GRU and LSTM, and their cells */
    {"weight_hh", ROLE_RECURRENT, false},
    {"bias_ih", ROLE_RECURRENT, false},
    {"bias_hh", ROLE_RECURRENT, false},
    {"recurrent_kernel", ROLE_RECURRENT, true}, /* Keras */
    {"in_proj_weight", ROLE_ATTENTION, false}, /* PyTorch's MultiheadAttention */
    {"in_proj_bias", ROLE_ATTENTION, false},
    {"weight_mask", ROLE_WEIGHT_MASK, false}, /* of torch.nn.utils.prune, with weight_orig */
    {"weight_orig", ROLE_WEIGHT, false},
    {"bias_mask", ROLE_BIAS_MASK, false},
    {"bias_orig", ROLE_BIAS, false},
    {"weights", ROLE_WEIGHT, false},
    {"weight", ROLE_WEIGHT, false},
    {"kernel", ROLE_WEIGHT, true}, /* Keras, JAX */
    {"coefs", ROLE_WEIGHT, true},  /* scikit-learn's coefs_, intercepts_ */
    {"coef", ROLE_WEIGHT, true},
    {"intercepts", ROLE_BIAS, false},
    {"intercept", ROLE_BIAS, false},
    {"biases", ROLE_BIAS, false},
    {"bias", ROLE_BIAS, false},
    {"w", ROLE_WEIGHT, false},
    {"b", ROLE_BIAS, false},
};

/* Where the word stands in the name, letters of either case and no letter beside it. */
static const char *find_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    const char *found = NULL;
    for (const char *at = name; *at; at++) {
        size_t i = 0;
        while (i < length && tolower((unsigned char)at[i]) == word[i])
            i++;
        if (i == length && !isalpha((unsigned char)at[length]) &&
            (at == name || !isalpha((unsigned char)at[-1])))
            found = at; /* the last one counts */
    }
    return found;
}

bool dict_name_read(const espalier_allocator *allocator, const char *name, dict_name *to)
{
    to->role = ROLE_UNKNOWN;
    to->key = memory_text(allocator, name);
    for (size_t i = 0; to->key && i < sizeof words / sizeof *words; i++) {
        const char *at = find_word(name, words[i].word);
        if (!at)
            continue;
        char *hole = to->key + (at - name);
        size_t length = strlen(words[i].word);
        memmove(hole, hole + length, strlen(hole + length) + 1);
        to->role = words[i].role;
        to->in_first = words[i].in_first;
        break;
    }
    return to->key != NULL;
}

bool differ_in_digits(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    do {
        const size_t left = strspn(a, digits), right = strspn(b, digits);
        if ((left > 0) != (right > 0))
            return false;
        a += left, b += right;
        if (*a != *b)
            return false;
    } while (*a++ && *b++);
    return true;
}

int compare_naturally(const char *a, const char *b)
{
    const char *left = a, *right = b;
    while (*a && *b) {
        size_t digits_a = strspn(a, "0123456789"), digits_b = strspn(b, "0123456789");
        if (!digits_a || !digits_b) {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++, b++;
            continue;
        }
        for (; digits_a > 1 && *a == '0'; digits_a--)
            a++;
        for (; digits_b > 1 && *b == '0'; digits_b--)
            b++;
        int order = digits_a != digits_b ? (digits_a < digits_b ? -1 : 1) : strncmp(a, b, digits_a);
        if (order)
            return order;
        a += digits_a, b += digits_b;
    }
    return *a ? 1 : *b ? -1 : strcmp(left, right);
}
