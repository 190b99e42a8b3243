"""Rules of src/train/: updates, rates, order, stopping, divergence, checkpoints."""
from mutation import of

STEP = "train/test_step|train/test_optimizer|train/test_sparse|train/test_flow"

ROWS = [
    *of("src/train/optimizer.c", "train/test_optimizer|train/test_step",
        ("sgd-decay", "SGD: weight decay is added to the gradient", "w[i] -= rate * (g[i] + decay * w[i]);",
         "w[i] -= rate * g[i];"),
        ("momentum", "momentum: m = mu m + g", "m[i] = mu * m[i] + (g[i] + decay * w[i]);",
         "m[i] = (1.0f - mu) * m[i] + (g[i] + decay * w[i]);"),
        ("nesterov", "Nesterov looks ahead", "w[i] -= rate * (gradient + mu * m[i]);", "w[i] -= rate * m[i];"),
        ("adam-first", "Adam: the first moment is corrected for its start",
         "rate / (1.0 - pow(options->beta1, (double)t))", "rate"),
        ("adam-second", "Adam: the second moment is corrected for its start",
         "1.0 / sqrt(1.0 - pow(options->beta2, (double)t))", "1.0"),
        ("adam-decay", "Adam: the decay is not part of the moments", "w[i] -= shrink * w[i] + ", "w[i] -= "),
        ("adam-epsilon", "Adam: epsilon is added to the root", "* s->scale_adam + s->epsilon", "* s->scale_adam"),
        ("adam-square", "Adam: the second moment is that of squares", "rest2 * (g[i] * g[i])", "rest2 * fabsf(g[i])")),
    *of("src/train/rate.c", "train/test_rate",
        ("rate-warm-up", "the warm-up ends at the full rate", "(position + 1.0 / (double)batches) / warmup", "position / warmup"),
        ("rate-step", "the rate falls in steps", "floor(position / (double)options->lr_step)",
         "(position / (double)options->lr_step)"),
        ("rate-cosine", "the cosine ends at the last epoch", "((double)options->epochs - warmup)", "(double)options->epochs")),
    *of("src/train/step.c", STEP,
        ("step-mean", "the gradient is the mean over the batch's rows", ": 1.0f) / (float)rows;", ": 1.0f) / (float)out->rows_most;"),
        ("step-decay", "plain SGD shrinks the weights", "        shrink(p->step, m * stride, t->w);\n", "        ;\n"),
        ("step-mask", "pruned weights stay zero with momentum and Adam",
         "        if (t->kept)\n            p->out->kernels->keep(w, t->kept + i * words, length / PASS_LANES);", ""),
        ("step-mask-dense", "pruned weights stay zero where the product is dense",
         "            out->kernels->keep(t->g + i * t->g_stride, kept + i * words, t->columns / PASS_LANES);",
         "            ;")),
]
