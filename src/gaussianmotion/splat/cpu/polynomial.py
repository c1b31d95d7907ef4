"""The polynomial by which kernels compute powers of two."""

import numpy as np


def exp2_coefficients(degree: int) -> list[float]:
    """Polynomial of least relative error for 2^x on [-0.5, 0.5] (Remez), highest power first."""
    nodes = 0.5 * np.cos(np.pi * (np.arange(degree + 2) + 0.5) / (degree + 2))
    grid = np.linspace(-0.5, 0.5, 20001)
    for _ in range(8):
        target = np.exp2(nodes)
        signs = np.where(np.arange(degree + 2) % 2 == 0, 1.0, -1.0)
        system = np.column_stack([nodes[:, None] ** np.arange(degree, -1, -1), signs * target])
        solution = np.linalg.solve(system, target)
        error = np.polyval(solution[:-1], grid) / np.exp2(grid) - 1.0
        # The extremum of each run of one sign is the next node.
        runs = np.split(np.arange(grid.size), np.nonzero(np.diff(np.sign(error)))[0] + 1)
        if len(runs) != degree + 2:
            break
        nodes = np.array([grid[run[np.abs(error[run]).argmax()]] for run in runs])
    return [float(c) for c in solution[:-1]]
