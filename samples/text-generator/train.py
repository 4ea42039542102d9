#!/usr/bin/python3
"""Trains a small GPT on the licence texts that Debian ships and writes it with its calibration windows.

    /usr/bin/python3 train.py

See README.md for the texts, the network and the licences.
"""

import io
import os
import time
import zipfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = "/usr/share/common-licenses"
TRAINED_ON = ["Artistic", "BSD", "CC0-1.0", "GFDL-1.2", "GFDL-1.3", "GPL-1", "GPL-2", "GPL-3", "LGPL-2", "LGPL-2.1", "LGPL-3",
              "MPL-1.1", "MPL-2.0"]
CALIBRATED_ON = "CC0-1.0"
HELD_OUT = "Apache-2.0"
TOKENS = 95  # The printable characters of ASCII: a token is the character's code less 32.
CONTEXT = 64
WIDTH = 64
HEADS = 4
LAYERS = 4
SEED = 2017
STEPS = 2000
BATCH = 32
CALIBRATION_WINDOWS = 96


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    texts = [tokens(name) for name in TRAINED_ON]
    held_out = tokens(HELD_OUT)

    network = Gpt()
    print(f"{sum(parameter.numel() for parameter in network.parameters())} weights")
    train(network, torch.cat(texts), held_out)
    save(network.eval())
    write_windows("calibration.npz", windows(tokens(CALIBRATED_ON))[:CALIBRATION_WINDOWS, :CONTEXT])


def tokens(name):
    """A text as token numbers; white space of any length is one space, and what is not ASCII is left out."""
    with open(os.path.join(TEXTS, name), encoding="utf-8") as file:
        text = " ".join(file.read().split())
    return torch.tensor([ord(letter) - 32 for letter in text if " " <= letter <= "~"])


def windows(text):
    """Every token but the first is predicted once: windows of CONTEXT tokens and the token behind."""
    count = (len(text) - 1) // CONTEXT
    return torch.stack([text[i * CONTEXT:(i + 1) * CONTEXT + 1] for i in range(count)])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(WIDTH, 3 * WIDTH)
        self.result = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("visible", torch.tril(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool)))

    def forward(self, x):
        heads = [part.view(-1, CONTEXT, HEADS, WIDTH // HEADS).transpose(1, 2) for part in self.project(x).split(WIDTH, dim=2)]
        query, key, value = heads
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        shares = scores.masked_fill(~self.visible, float("-inf")).softmax(dim=3)
        return self.result((shares @ value).transpose(1, 2).reshape(-1, CONTEXT, WIDTH))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(WIDTH), Attention())
        self.network = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.network(x)


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(TOKENS, WIDTH)
        self.position = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.scores = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, TOKENS, bias=False))
        self.apply(initialise)

    def forward(self, tokens):
        return self.scores(self.blocks(self.token(tokens) + self.position(torch.arange(CONTEXT))))


def initialise(module):
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02 if isinstance(module, nn.Embedding) else 0.08)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def train(network, text, held_out):
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=STEPS, pct_start=0.1)
    started = time.monotonic()
    for step in range(STEPS):
        starts = torch.randint(len(text) - CONTEXT, (BATCH,)).tolist()
        batch = torch.stack([text[start:start + CONTEXT + 1] for start in starts])
        loss = nn.functional.cross_entropy(network(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"step {step + 1} of {STEPS}: loss {loss.item():.3f}, perplexity of {HELD_OUT} {perplexity(network, held_out):.4f},"
                  f" {time.monotonic() - started:.0f} s", flush=True)


def perplexity(network, text):
    network.eval()
    with torch.no_grad():
        chosen = windows(text)
        loss = nn.functional.cross_entropy(network(chosen[:, :-1]).flatten(0, 1), chosen[:, 1:].flatten())
    network.train()
    return loss.exp().item()


def save(network):
    """Exports the network, and adds the likeliest token behind the last one to its scores."""
    exported = io.BytesIO()
    torch.onnx.export(network, torch.zeros(1, CONTEXT, dtype=torch.int64), exported, opset_version=17,
                      input_names=["tokens"], output_names=["scores"])
    model = onnx.load_model_from_string(exported.getvalue())
    graph = model.graph
    graph.name = "text-generator"
    graph.initializer.append(helper.make_tensor("last", TensorProto.INT64, [], [CONTEXT - 1]))
    graph.node.extend([
        helper.make_node("Gather", ["scores", "last"], ["last_scores"], name="Last", axis=1),
        helper.make_node("ArgMax", ["last_scores"], ["next"], name="ArgMax", axis=1, keepdims=0)])
    graph.output.insert(0, helper.make_tensor_value_info("next", TensorProto.INT64, [1]))
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, "model.onnx"))


def write_windows(name, tokens):
    """An NPZ with the one array `x`, u8[N, CONTEXT]; the entry's fixed date makes the bytes reproducible."""
    array = io.BytesIO()
    np.save(array, tokens.numpy().astype(np.uint8))
    with zipfile.ZipFile(os.path.join(HERE, name), "w") as file:
        file.writestr(zipfile.ZipInfo("x.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
