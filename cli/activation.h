/* The activation of a network that is made: which there are, and what goes with them. */
#ifndef CLI_ACTIVATION_H
#define CLI_ACTIVATION_H

#include "options.h"

typedef struct activation_settings {
    unsigned index; /* of activation_offered() */
    double slope;   /* of leaky-relu */
} activation_settings;

/* ReLU, and a slope of 0.01 for those who leave it. */
activation_settings activation_defaults(void);

/* The names on offer: a linear layer is made by lowrank --factors only. */
name_table activation_offered;

espalier_activation activation_chosen(const activation_settings *a);

/* Takes the activation of a model that the new network is to be like, unless the option
 * was given. EXIT_NONE, or an exit code after a message where it has several. */
int activation_like(activation_settings *a, const option_set *set, const char *model,
                    const espalier_network *network);

/* After parsing: the record tells the activation where it is not ReLU. EXIT_NONE, or an
 * exit code after a message about a slope that nothing has. */
int activation_settle(const activation_settings *a, option_set *set);

/* Gives it to all hidden layers. EXIT_NONE, or an exit code after a message. */
int activation_set_all(const activation_settings *a, espalier_network *network);

/* Warns where a sigmoid's counts, which are all equal, would decide what is pruned. */
void activation_warn(bool sigmoid, const char *criterion, espalier_count_mode count);

/* A line for each activation of the network, with its layers where there are several;
 * nothing where all have ReLU. */
void activation_print(const espalier_network *network);

/* Puts "activation" into a layer's object, softmax for the output layer, and "slope" where
 * there is one. */
void activation_put(json_t *object, const espalier_network *network, size_t layer);

#endif
