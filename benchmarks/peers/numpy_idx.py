"""The same in numpy: numpy_idx.py product THREADS | load FILE REPEATS. Prints one line of JSON.

`product` is the rate of the BLAS that numpy has on 4096 cubed, in single precision; `load` reads an IDX file by gzip.
"""
import gzip
import json
import sys
import time

import numpy


def best(repeats, work):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main(what, argument, repeats=5):
    if what == "product":
        n = 4096
        a, b = (numpy.full((n, n), value, numpy.float32) for value in (0.5, 0.25))
        seconds, _ = best(5, lambda: a @ b)
        print(json.dumps({"gflops": 2e-9 * n**3 / seconds, "version": numpy.__version__}))
        return

    def read():
        with gzip.open(argument) as file:
            header = numpy.frombuffer(file.read(16), ">u4")
            return numpy.frombuffer(file.read(), numpy.uint8).reshape(header[1:])

    seconds, images = best(int(repeats), read)
    print(json.dumps({"ms": 1e3 * seconds, "rows": len(images), "version": numpy.__version__}))


main(*sys.argv[1:])
