"""Example inputs for a program."""

from __future__ import annotations

import math

import numpy as np

from anenas._errors import AnenasError
from anenas.mil._file import ProgramFile
from anenas.mil._names import INPUT, NEXT, TOKENS
from anenas.mil._types import named_type
from anenas.mil._values import Array

_MOST = 2**28  # values of an example, about a gigabyte; a package may declare anything
_FEWEST_TOKENS = 64  # of any vocabulary


def example_inputs(file: ProgramFile, seed: int = 0, samples: int = 1) -> dict[str, Array]:
    """An example of each input of a program: pixels of 0 to 255 for images, small integers, also for token ids, or
    standard normal numbers.

    States of a streaming program are zeros, as at the start of a series. Inputs of flexible shape have the package's
    default shape.

    Args:
        file: A program.
        seed: Equal seeds give equal values.
        samples: Number of samples, concatenated along the first dimension.

    Raises:
        AnenasError: If an input has no default shape or a huge one, or is of an unsupported type.
    """
    random = np.random.default_rng(seed)
    results = {one.name for one in file.main.outputs}
    inputs: dict[str, Array] = {}
    for given in file.inputs:
        name, dtype = given.name, named_type(given.dtype)
        shape = tuple(size or 0 for size in given.usual)
        if not all(shape):
            raise AnenasError(f"{file}: the input {name} has no fixed shape; export it with a fixed one")
        if math.prod(shape) > _MOST:
            sizes = "×".join(map(str, shape))
            raise AnenasError(f"{file}: the input {name} has {sizes} values, too many for an example")
        shape = (samples * shape[0], *shape[1:]) if shape else shape
        if given.image or name == INPUT:
            inputs[name] = random.integers(0, 256, shape).astype(np.float32)
        elif name == TOKENS:
            inputs[name] = random.integers(0, _FEWEST_TOKENS, shape).astype(np.float32)
        elif dtype.is_float and f"{name}{NEXT}" in results:
            inputs[name] = np.zeros(shape, dtype.numpy)
        elif dtype.is_float:
            inputs[name] = random.standard_normal(shape).astype(dtype.numpy)
        else:
            inputs[name] = random.integers(0, 10, shape).astype(np.int32)
    return inputs
