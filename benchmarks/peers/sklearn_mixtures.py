"""The same work in scikit-learn: sklearn_mixtures.py em|kmeans|silhouette|scores EXCHANGE ITERATIONS. Prints one line of JSON.

Rows and start are those of the exchange file; EM does the same number of iterations, so that the likelihood must be the same.
The number of threads is that of the environment (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS).
"""
import json
import sys
import time
import warnings

import numpy
import sklearn
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import (adjusted_rand_score, confusion_matrix, normalized_mutual_info_score, silhouette_score,
                             v_measure_score)
from sklearn.mixture import GaussianMixture

from exchange import load


def timed(work):
    start = time.perf_counter()
    result = work()
    return 1e3 * (time.perf_counter() - start), result


def accuracy(truth, found):
    table = confusion_matrix(truth, found)
    rows, columns = linear_sum_assignment(-table)
    return table[rows, columns].sum() / len(truth)


def main(what, path, iterations):
    warnings.simplefilter("ignore")
    tensors = load(path)
    if what == "scores":
        truth, found = tensors["truth"].ravel().astype(int), tensors["found"].ravel().astype(int)
        score = lambda: (normalized_mutual_info_score(truth, found) + adjusted_rand_score(truth, found)
                         + v_measure_score(truth, found), accuracy(truth, found))[0]
        score()
        milliseconds, total = min((timed(score) for _ in range(iterations)), key=lambda pair: pair[0])
        print(json.dumps({"ms": milliseconds, "sum": float(total), "version": sklearn.__version__}))
        return
    x, start = tensors["x"], tensors["start"]
    clusters = len(start)
    if what == "em":
        # What fit does before its first iteration (k-means for a start that is then replaced) is not timed: the difference of
        # a long and a short fit is.
        def fit(steps):
            model = GaussianMixture(clusters, covariance_type="diag", max_iter=steps, tol=0, init_params="random",
                                    weights_init=numpy.full(clusters, 1 / clusters), means_init=start,
                                    precisions_init=numpy.ones_like(start), random_state=0)
            return timed(lambda: model.fit(x))

        short, _ = fit(1)
        long, model = fit(iterations)
        result = {"ms": (long - short) / (iterations - 1), "log_likelihood": float(model.lower_bound_)}
    elif what == "kmeans":
        # Whole fits, ours and theirs: a difference of two would be lost in what a fit does before it begins.
        def fit():
            return timed(lambda: KMeans(clusters, init=start, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(x))

        fit()
        milliseconds, model = min((fit() for _ in range(3)), key=lambda pair: pair[0])
        result = {"ms": milliseconds / model.n_iter_, "iterations": int(model.n_iter_), "inertia": float(model.inertia_)}
    else:
        milliseconds, score = timed(lambda: silhouette_score(x, tensors["labels"].ravel()))
        result = {"ms": milliseconds, "silhouette": float(score)}
    result["version"] = sklearn.__version__
    print(json.dumps(result))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
