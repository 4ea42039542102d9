#!/usr/bin/python3
"""Trains a small encoder, built as BERT is, to read expressions and name their value, and writes it with its calibration and test rows.

    /usr/bin/python3 train.py

See README.md for the task, the network and the files.
"""

import io
import json
import os
import random
import time
import zipfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = {"[MIN": min, "[MAX": max, "[MED": lambda values: sorted(values)[len(values) // 2], "[FST": lambda values: values[0]}
TOKENS = ["<pad>", "<cls>", *OPERATIONS, "]", *"0123456789"]
LENGTH = 32
DEPTH = 3
WIDTH = 64
HEADS = 4
LAYERS = 3
SEED = 2017
STEPS = 4000
BATCH = 64
CALIBRATION_ROWS = 96
TEST_ROWS = 1000


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    test, calibration = examples(random.Random(SEED), TEST_ROWS), examples(random.Random(SEED + 1), CALIBRATION_ROWS)

    network = Reader()
    print(f"{sum(parameter.numel() for parameter in network.parameters())} weights")
    train(network, random.Random(SEED + 2), test)
    save(network.eval())
    write_rows("calibration.npz", tokens=calibration[0], attention_mask=calibration[1])
    write_rows("expressions.npz", tokens=test[0], attention_mask=test[1], labels=test[2])


def expression(generator, depth):
    """An expression as tokens, and its value: a digit, or an operation on two to four expressions."""
    if depth == 0 or generator.random() < 0.25:
        digit = generator.randrange(10)
        return [str(digit)], digit
    operation = generator.choice(list(OPERATIONS))
    parts = [expression(generator, depth - 1) for _ in range(generator.randint(2, 4))]
    return [operation, *(token for tokens, _ in parts for token in tokens), "]"], OPERATIONS[operation]([value for _, value in parts])


def examples(generator, count):
    """Tokens [count, LENGTH] padded behind, a mask of the same shape with 1 for every real token, and the values."""
    tokens, labels = np.zeros((count, LENGTH), np.uint8), np.zeros(count, np.uint8)
    for row in range(count):
        words, value = [], 0
        while not 5 <= len(words) < LENGTH:
            words, value = expression(generator, DEPTH)
        tokens[row, :len(words) + 1] = [TOKENS.index(word) for word in ["<cls>", *words]]
        labels[row] = value
    return tokens, (tokens != 0).astype(np.uint8), labels


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.result = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.attended = nn.LayerNorm(WIDTH, eps=1e-12)
        self.network = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.finished = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x, mask):
        query, key, value = (part(x).view(-1, LENGTH, HEADS, WIDTH // HEADS).transpose(1, 2) for part in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5 + mask
        mixed = (scores.softmax(dim=3) @ value).transpose(1, 2).reshape(-1, LENGTH, WIDTH)
        x = self.attended(x + self.result(mixed))
        return self.finished(x + self.network(x))


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(len(TOKENS), WIDTH)
        self.position = nn.Embedding(LENGTH, WIDTH)
        self.embedded = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pool = nn.Linear(WIDTH, WIDTH)
        self.classify = nn.Linear(WIDTH, 10)

    def forward(self, tokens, attention_mask):
        mask = (1 - attention_mask[:, None, None, :].float()) * -10000
        x = self.embedded(self.token(tokens) + self.position(torch.arange(LENGTH)))
        for layer in self.layers:
            x = layer(x, mask)
        return self.classify(torch.tanh(self.pool(x[:, 0])))


def train(network, generator, test):
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.0015, total_steps=STEPS, pct_start=0.15)
    started = time.monotonic()
    for step in range(STEPS):
        tokens, mask, labels = (torch.from_numpy(part.astype(np.int64)) for part in examples(generator, BATCH))
        loss = nn.functional.cross_entropy(network(tokens, mask), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        schedule.step()
        if (step + 1) % 200 == 0:
            print(f"step {step + 1} of {STEPS}: loss {loss.item():.3f}, test accuracy {accuracy(network, test):.4f},"
                  f" {time.monotonic() - started:.0f} s", flush=True)


def accuracy(network, test):
    tokens, mask, labels = (torch.from_numpy(part.astype(np.int64)) for part in test)
    with torch.no_grad():
        return (network(tokens, mask).argmax(1) == labels).float().mean().item()


def save(network):
    """Exports the network and adds the label to its scores."""
    exported = io.BytesIO()
    zeros = torch.zeros(1, LENGTH, dtype=torch.int64)
    torch.onnx.export(network, (zeros, zeros), exported, opset_version=13, input_names=["tokens", "attention_mask"], output_names=["scores"])
    model = onnx.load_model_from_string(exported.getvalue())
    graph = model.graph
    graph.name = "expression-reader"
    graph.node.append(helper.make_node("ArgMax", ["scores"], ["label"], name="ArgMax", axis=1, keepdims=0))
    graph.output.insert(0, helper.make_tensor_value_info("label", TensorProto.INT64, [1]))
    helper.set_model_props(model, {"classes": json.dumps([str(digit) for digit in range(10)])})
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, "model.onnx"))


def write_rows(name, **arrays):
    """An NPZ of u8 arrays; fixed dates make the bytes reproducible."""
    with zipfile.ZipFile(os.path.join(HERE, name), "w") as file:
        for key, values in arrays.items():
            array = io.BytesIO()
            np.save(array, values)
            file.writestr(zipfile.ZipInfo(f"{key}.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
