"""Reads what benchmarks/compare wrote for its peers."""
import json
import struct
from pathlib import Path

import numpy

TYPES = {"F32": numpy.float32, "F64": numpy.float64}


def load(path):
    """Tensors of a safetensors file, by name."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[8 + length + begin : 8 + length + end], TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors
