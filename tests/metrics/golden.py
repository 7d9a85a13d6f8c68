"""Prints golden.hpp: reference values of the clustering scores, by scikit-learn (made with 1.2.1, Debian's
python3-sklearn):  /usr/bin/python3 tests/metrics/golden.py > tests/metrics/golden.hpp"""
import numpy as np
import sklearn
from sklearn import metrics
from scipy.optimize import linear_sum_assignment

rng = np.random.default_rng(7)
rows = 60
truth = rng.integers(0, 4, rows)
x = np.round(rng.standard_normal((rows, 3)) + 2.0 * truth[:, None] * [1, 0.5, -0.7], 3)


def relabel(share, clusters):
    return np.where(rng.random(rows) < share, truth % clusters, rng.integers(0, clusters, rows))


cases = {
    "close": (truth, relabel(0.8, 4)),
    "fewer": (truth, relabel(0.7, 3)),
    "more": (truth, relabel(0.6, 7)),
    "random": (truth, relabel(0.0, 4)),
    "gaps": (truth * 5 + 2, relabel(0.7, 4) * 9),
    "equal": (truth, (truth + 1) % 4),
    "one_cluster": (truth, truth * 0),
    "one_class": (truth * 0, truth),
    "one_each": (truth * 0, truth * 0),
    "alone": (np.arange(rows), np.arange(rows)[::-1]),
    "crossed": (np.arange(rows) % 2, np.arange(rows) // 2 % 2),
}


def row(name, t, p):
    table = metrics.cluster.contingency_matrix(t, p)
    i, j = linear_sum_assignment(-table)
    scores = [table[i, j].sum() / rows, metrics.normalized_mutual_info_score(t, p), metrics.adjusted_rand_score(t, p),
              metrics.homogeneity_score(t, p), metrics.completeness_score(t, p), metrics.v_measure_score(t, p),
              table.max(axis=0).sum() / rows]
    return '    {"%s",\n     {%s},\n     {%s},\n     {%s}},' % (
        name, ", ".join(map(str, t)), ", ".join(map(str, p)), ", ".join(repr(float(s)) for s in scores))


print("// Made by golden.py with scikit-learn %s; do not edit.\n#pragma once\n" % sklearn.__version__)
print("#include <vector>\n\n#include <vade/core/matrix.hpp>\n\nnamespace golden {\n")
print("struct Case {\n  const char* name;\n  vade::Labels truth, predicted;\n"
      "  std::vector<double> scores;  // accuracy, NMI, ARI, homogeneity, completeness, V-measure, purity\n};\n")
print("inline const std::vector<Case> cases = {")
print("\n".join(row(n, t, p) for n, (t, p) in cases.items()))
print("};\n\n// The rows that the first three cases' labels belong to, [60 x 3].")
print("inline const std::vector<double> x = {%s};\n" % ", ".join(map(str, x.ravel())))
print("struct Geometry {\n  double silhouette, calinski_harabasz;\n  std::vector<double> samples;\n};")
print("inline const std::vector<Geometry> geometry = {")
for name in ("close", "fewer", "more"):
    p = cases[name][1]
    print("    {%r, %r, {%s}}," % (float(metrics.silhouette_score(x, p)), float(metrics.calinski_harabasz_score(x, p)),
                                   ", ".join(repr(float(s)) for s in metrics.silhouette_samples(x, p)[:8])))
print("};\n\n}  // namespace golden")
