#!/usr/bin/python3
"""scikit-learn: seconds of one training epoch of its MLPClassifier, plain SGD,
in single precision.

    sklearn_train.py data=FOLDER [form=partial|warm] [batch=32] [rows=54000]

form: partial_fit, or fit with warm_start and max_iter=1. Threads of its BLAS are
set from outside."""
import warnings

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import common

given = common.options(data="", form="partial", batch=32, rows=54000)
warnings.filterwarnings("ignore", category=ConvergenceWarning)
values, labels = common.training(given["data"], given["rows"])
values = common.scaled(values)
model = MLPClassifier((300, 200, 100, 50), solver="sgd", momentum=0.0, alpha=0.0,
                      learning_rate_init=0.01, batch_size=given["batch"], max_iter=1,
                      warm_start=True, random_state=1)


def once():
    if given["form"] == "partial":
        model.partial_fit(values, labels, classes=range(10))
    else:
        model.fit(values, labels)


common.serve(once, version=sklearn.__version__)
