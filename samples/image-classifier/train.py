#!/usr/bin/python3
"""Trains a small convolutional network on Fashion-MNIST and writes it with its calibration and test images.

    /usr/bin/python3 train.py

See README.md for the data, the network and the licences.
"""

import gzip
import io
import json
import os
import time
import zipfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = "/usr/share/datasets/fashion-mnist"
CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
SEED = 2017
EPOCHS = 8
BATCH = 100
CALIBRATION_IMAGES = 100
TEST_IMAGES = 50


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    train_images, train_labels = read_split("train")
    test_images, test_labels = read_split("t10k")

    network = make_network()
    train(network, train_images, train_labels, test_images, test_labels)
    save(network.eval())

    write_images("calibration.npz", train_images[:CALIBRATION_IMAGES])
    write_images("images.npz", test_images[:TEST_IMAGES])
    with open(os.path.join(HERE, "labels.csv"), "w") as file:
        file.write("label,name\n")
        file.writelines(f"{label},{CLASSES[label]}\n" for label in test_labels[:TEST_IMAGES])


def read_split(name):
    """Images as u8[N, 1, 28, 28] and labels as u8[N], from the two IDX files of a split."""
    with gzip.open(f"{DATA}/{name}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), dtype=np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(f"{DATA}/{name}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), dtype=np.uint8, offset=8)
    return images, labels


def make_network():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 32), nn.ReLU(), nn.Linear(32, 10))


def train(network, images, labels, test_images, test_labels):
    inputs, targets = scaled(images), torch.from_numpy(labels.astype(np.int64))
    steps = len(images) // BATCH
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=EPOCHS * steps)
    started = time.monotonic()
    for epoch in range(EPOCHS):
        network.train()
        order = torch.randperm(len(inputs))
        for step in range(steps):
            chosen = order[step * BATCH:(step + 1) * BATCH]
            loss = nn.functional.cross_entropy(network(inputs[chosen]), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {EPOCHS}: test accuracy {accuracy(network, test_images, test_labels):.4f},"
              f" {time.monotonic() - started:.0f} s", flush=True)


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        predicted = torch.cat([network(part).argmax(1) for part in scaled(images).split(500)])
    return (predicted.numpy() == labels).mean()


def scaled(images):
    return torch.from_numpy(images.astype(np.float32) / 255)


def save(network):
    """Exports the network as it is, BatchNorm unfolded, and adds the label and the probabilities to its logits."""
    exported = io.BytesIO()
    torch.onnx.export(network, torch.zeros(1, 1, 28, 28), exported, opset_version=13, input_names=["image"],
                      output_names=["logits"], training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    model = onnx.load_model_from_string(exported.getvalue())
    graph = model.graph
    graph.name = "image-classifier"
    graph.node.extend([
        helper.make_node("ArgMax", ["logits"], ["label"], name="ArgMax", axis=1, keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], name="Softmax", axis=1)])
    del graph.output[:]
    graph.output.extend([
        helper.make_tensor_value_info("label", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, len(CLASSES)])])
    helper.set_model_props(model, {"classes": json.dumps(CLASSES)})
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, "model.onnx"))


def write_images(name, images):
    """An NPZ with the one array `x`, u8[N, 1, 28, 28]; the entry's fixed date makes the bytes reproducible."""
    array = io.BytesIO()
    np.save(array, images)
    with zipfile.ZipFile(os.path.join(HERE, name), "w") as file:
        file.writestr(zipfile.ZipInfo("x.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
