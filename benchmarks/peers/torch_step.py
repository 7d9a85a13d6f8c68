"""The same training step in PyTorch: torch_step.py EXCHANGE THREADS STEPS. Prints one line of JSON.

Weights, rows and noise are those of the exchange file, so that the first loss must be the same. Linear layers, ReLU, Adam over
all parameters at once (foreach), the loss in closed form: what a careful user would write.
"""
import json
import sys
import time

import torch

from exchange import load


def main(path, threads, steps):
    torch.set_num_threads(threads)
    tensors = {name: torch.from_numpy(values) for name, values in load(path).items()}

    def layer(name):
        return tensors[f"{name}.weight"].requires_grad_(), tensors[f"{name}.bias"].requires_grad_()

    encoder = [layer(f"encoder.{i}") for i in range(3)]
    head = layer("encoder.head")
    decoder = [layer(f"decoder.{i}") for i in range(4)]
    parameters = [p for pair in [*encoder, head, *decoder] for p in pair]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, foreach=True)
    x, noise = tensors["x"], tensors["noise"]

    def loss_of():
        h = x
        for weight, bias in encoder:
            h = torch.relu(torch.addmm(bias, h, weight))
        mean, log_variance = torch.addmm(head[1], h, head[0]).chunk(2, dim=1)
        log_variance = log_variance.clamp(-12, 12)
        h = mean + torch.exp(0.5 * log_variance) * noise
        for weight, bias in decoder[:-1]:
            h = torch.relu(torch.addmm(bias, h, weight))
        logits = torch.addmm(decoder[-1][1], h, decoder[-1][0])
        reconstruction = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = 0.5 * torch.sum(mean * mean + log_variance.exp() - 1 - log_variance)
        return (reconstruction + kl) / x.shape[0]

    first, seconds = None, []
    for _ in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        first = loss.item() if first is None else first
    seconds = sorted(seconds[len(seconds) // 5 :])
    print(json.dumps({"ms": 1e3 * seconds[len(seconds) // 2], "loss": first,
                      "expected_loss": tensors["loss"].item(), "version": torch.__version__}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
