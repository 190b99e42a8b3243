"""Compares singular values and rank with numpy's.

usage: spectrum.py FOLDER ROWS COLUMNS RANK
FOLDER/matrix and FOLDER/values are float32 in native order.
Exit code 77: numpy is not installed."""
import sys

try:
    import numpy as np
except ImportError:
    sys.exit(77)

folder, rows, columns, rank = sys.argv[1], *map(int, sys.argv[2:])
matrix = np.fromfile(f"{folder}/matrix", np.float32).reshape(rows, columns)
found = np.fromfile(f"{folder}/values", np.float32)
expected = np.linalg.svd(matrix, compute_uv=False)
exact = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
shape = f"{rows} x {columns}"
if found.shape != expected.shape:
    sys.exit(f"{shape}: expected {expected.size} values, found {found.size}")
for name, other in (("numpy in float32", expected), ("numpy in float64", exact)):
    difference = np.abs(found - other).max()
    if not difference <= 2e-6 * exact[0]:
        sys.exit(f"{shape}: {difference} away from {name}, the largest value being {exact[0]}")
if rank != np.linalg.matrix_rank(matrix):
    sys.exit(f"{shape}: expected rank {np.linalg.matrix_rank(matrix)}, found {rank}")
