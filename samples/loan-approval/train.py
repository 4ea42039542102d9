#!/usr/bin/python3
"""Trains the two loan models on the HMDA table and writes them with the first rows of the test split.

    /usr/bin/python3 train.py

See README.md for the data, the features and the licences.
"""

import json
import os

import numpy as np
import onnx
import xgboost
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rdata import read_data_frame

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = "/usr/lib/R/site-library/AER/data/HMDA.rda"

# The order of the model's inputs. `afam`, the applicant's ethnicity, is left out on purpose.
FEATURES = ["pirat", "hirat", "lvrat", "chist", "mhist", "phist", "unemp", "selfemp", "insurance", "condomin",
            "single", "hschool"]
DECIMALS = 4
CLASSES = ["denied", "approved"]
SEED = 1990
TEST_SHARE = 0.2
ROWS = 40


def main():
    table = read_data_frame(TABLE, "HMDA")
    inputs, approved = encode(table)
    train, test = split(len(table))

    logistic = train_logistic(inputs[train], approved[train])
    trees = train_trees(inputs[train], approved[train])
    models = [("logistic", logistic_graph(*logistic), predict_logistic(*logistic, inputs)),
              ("trees", trees_graph(trees), trees.predict_proba(inputs)[:, 1])]
    for name, graph, probability in models:
        save(name, graph)
        report(name, probability, approved, table["afam"] == "yes", train, test)
    write_rows(table, inputs, test[:ROWS], [(name, probability) for name, _, probability in models])


def encode(table):
    """Every input as a number of at most DECIMALS decimals, rounded before training, so that decimal text is exact."""
    inputs = np.empty((len(table), len(FEATURES)))
    for i, feature in enumerate(FEATURES):
        values = table[feature]
        if values.dtype.name == "category":
            yes_no = list(values.cat.categories) == ["no", "yes"]
            values = values.cat.codes if yes_no else values.astype(float)
        inputs[:, i] = np.round(values.to_numpy(dtype=float), DECIMALS)
    return inputs, (table["deny"] == "no").to_numpy(dtype=int)


def split(rows):
    order = np.random.RandomState(SEED).permutation(rows)
    tested = round(rows * TEST_SHARE)
    return order[tested:], order[:tested]


def train_logistic(inputs, approved):
    """Weights and intercept on the raw inputs: the standardisation of the training is folded into them."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-10, max_iter=1000))
    pipeline.fit(inputs, approved)
    scaler, regression = pipeline[0], pipeline[1]
    weights = regression.coef_[0] / scaler.scale_
    intercept = regression.intercept_[0] - weights @ scaler.mean_
    return weights, intercept


def predict_logistic(weights, intercept, inputs):
    return 1 / (1 + np.exp(-(inputs @ weights + intercept)))


def train_trees(inputs, approved):
    trees = xgboost.XGBClassifier(
        n_estimators=80, max_depth=3, learning_rate=0.1, min_child_weight=5, reg_lambda=1.0, base_score=0.5,
        tree_method="exact", n_jobs=1, random_state=SEED)
    return trees.fit(inputs, approved)


def logistic_graph(weights, intercept):
    node = helper.make_node(
        "LinearClassifier", ["applicant"], ["label", "probabilities"], name="logistic", domain="ai.onnx.ml",
        classlabels_strings=CLASSES, multi_class=0, post_transform="LOGISTIC",
        coefficients=np.concatenate([-weights, weights]).astype(np.float32).tolist(),
        intercepts=np.array([-intercept, intercept], dtype=np.float32).tolist())
    return graph_of(node)


def trees_graph(model):
    """XGBoost sums the leaves of all trees into the log-odds of class 1; it goes left when value < threshold."""
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
                                 "missing_value_tracks_true")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for tree, dump in enumerate(model.get_booster().get_dump(dump_format="json")):
        pending = [json.loads(dump)]
        while pending:
            node = pending.pop()
            is_leaf = "leaf" in node
            nodes["treeids"].append(tree)
            nodes["nodeids"].append(node["nodeid"])
            nodes["modes"].append("LEAF" if is_leaf else "BRANCH_LT")
            nodes["featureids"].append(0 if is_leaf else int(node["split"][1:]))
            nodes["values"].append(0.0 if is_leaf else float(np.float32(node["split_condition"])))
            nodes["truenodeids"].append(0 if is_leaf else node["yes"])
            nodes["falsenodeids"].append(0 if is_leaf else node["no"])
            nodes["missing_value_tracks_true"].append(0 if is_leaf else int(node["missing"] == node["yes"]))
            if is_leaf:
                leaves["treeids"].append(tree)
                leaves["nodeids"].append(node["nodeid"])
                leaves["ids"].append(0)
                leaves["weights"].append(float(np.float32(node["leaf"])))
            else:
                pending.extend(reversed(node["children"]))
    attributes = {f"nodes_{key}": values for key, values in nodes.items()}
    attributes |= {f"class_{key}": values for key, values in leaves.items()}
    return graph_of(helper.make_node(
        "TreeEnsembleClassifier", ["applicant"], ["label", "probabilities"], name="trees", domain="ai.onnx.ml",
        classlabels_strings=CLASSES, post_transform="LOGISTIC", **attributes))


def graph_of(node):
    applicant = helper.make_tensor_value_info("applicant", TensorProto.FLOAT, ["batch", len(FEATURES)])
    label = helper.make_tensor_value_info("label", TensorProto.STRING, ["batch"])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(CLASSES)])
    return helper.make_graph([node], "loan-approval", [applicant], [label, probabilities])


def save(name, graph):
    model = helper.make_model(graph, producer_name="aivm-samples", ir_version=7, opset_imports=[
        helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)])
    helper.set_model_props(model, {"features": json.dumps(FEATURES), "decimals": str(DECIMALS)})
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, f"{name}.onnx"))


def report(name, probability, approved, afam, train, test):
    right = (probability > 0.5) == approved
    by_group = [f"{100 * (probability[test][afam[test] == group] > 0.5).mean():.1f} %" for group in (False, True)]
    print(f"{name}: accuracy {right[train].mean():.4f} train, {right[test].mean():.4f} test"
          f" (always approved: {approved[test].mean():.4f}), AUC {roc_auc_score(approved[test], probability[test]):.4f};"
          f" approved in the test split: {by_group[0]} of the others, {by_group[1]} of afam = yes")


def write_rows(table, inputs, rows, probabilities):
    with open(os.path.join(HERE, "rows.csv"), "w") as file:
        file.write(",".join(FEATURES) + "\n")
        for row in rows:
            file.write(",".join(decimal(value) for value in inputs[row]) + "\n")
    with open(os.path.join(HERE, "rows-audit.csv"), "w") as file:
        file.write(",".join(["row", "afam", "outcome"] + [name for name, _ in probabilities]) + "\n")
        for row in rows:
            outcome = CLASSES[int(table["deny"][row] == "no")]
            shown = [f"{probability[row]:.6f}" for _, probability in probabilities]
            file.write(",".join([str(row + 1), table["afam"][row], outcome] + shown) + "\n")


def decimal(value):
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    main()
