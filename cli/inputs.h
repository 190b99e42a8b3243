/* What eval, predict, info and compact open: a model and rows that fit it. And what
 * train and study take from a model that is like theirs. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "activation.h"
#include "data.h"

/* Opens the data set with the validation rows that the model was trained with,
 * and checks that it fits. A network of another program gets the scaling that --scaling
 * asks for. EXIT_NONE, or an exit code after a message. */
int open_rows(const option_set *set, data_settings settings, const char *model,
              espalier_network *network, const char *source, espalier_dataset **dataset);

/* Puts the live widths of the model that --hidden like:MODEL names in its place, and its
 * activation unless one is given. Linear layers are no layers of their own, but halves of
 * the next. EXIT_NONE, or an exit code after a message. */
int network_like(width_list *hidden, activation_settings *activation, const option_set *set);

/* EXIT_FAILED with a message if the split has no rows. settings: as the options set them. */
int check_split(const option_set *set, const data_settings *settings, const espalier_dataset *dataset,
                const char *source, espalier_split split);

#endif
