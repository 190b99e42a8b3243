"""Compares a layer of lower rank with what numpy makes of the same matrix.

usage: low_rank.py FOLDER METHOD OUTPUTS INPUTS COMPONENTS RANK
FOLDER/before and FOLDER/after are float32 [OUTPUTS][INPUTS] in native order; RANK is
what espalier says of the second. METHOD pca centres the columns of the kernel
[INPUTS][OUTPUTS] and adds the mean back; svd keeps the largest singular values.
Exit code 77: numpy is not installed."""
import sys

try:
    import numpy as np
except ImportError:
    sys.exit(77)

folder, method, outputs, inputs, components, rank = *sys.argv[1:3], *map(int, sys.argv[3:])
before, after = (np.fromfile(f"{folder}/{name}", np.float32).reshape(outputs, inputs)
                 for name in ("before", "after"))
kernel = before.astype(np.float64).T
mean = kernel.mean(axis=0) if method == "pca" else 0.0
u, s, vt = np.linalg.svd(kernel - mean, full_matrices=False)
expected = ((u[:, :components] * s[:components]) @ vt[:components] + mean).T
case = f"{method}, {outputs} x {inputs}, {components} components"
distance = np.linalg.norm(after - expected)
if not distance <= 1e-5 * np.linalg.norm(before):
    sys.exit(f"{case}: {distance} away from numpy's, the norm being {np.linalg.norm(before)}")
for name, matrix in (("numpy's", expected.astype(np.float32)), ("this", after)):
    if rank != np.linalg.matrix_rank(matrix):
        sys.exit(f"{case}: rank {rank}; numpy finds {np.linalg.matrix_rank(matrix)} for {name}")
