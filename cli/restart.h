/* What `train --from MODEL` takes over: the recipe of MODEL's first training and the
 * weights that this training began with. */
#ifndef CLI_RESTART_H
#define CLI_RESTART_H

#include "run.h"

/* Gives every option of the recipe that was not given, the seed included, the value it
 * had in the training that drew MODEL's first weights. False: MODEL does not say. */
bool restart_recipe(option_set *set, run_settings *s, const espalier_network *network);

/* The path of initial.safetensors beside `model`; false if it is too long. */
bool restart_initial_path(const char *model, char *path, size_t size);

/* The network from initial.safetensors beside `model` if that is where the model with
 * this "training" text began; else NULL. Errors: those of espalier_network_read() but
 * NOT_FOUND. */
espalier_status restart_find_initial(const char *model, const char *training,
                                     espalier_network **initial, espalier_error *error);

/* Gives r->network the weights that --restart asks for and notes in r->initial where
 * initial ones came from. EXIT_NONE, or an exit code after a message. */
int restart_network(run *r);

#endif
