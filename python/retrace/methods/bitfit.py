"""BitFit (Ben Zaken, Goldberg, Ravfogel 2022, arXiv 2106.10199): every bias of the model trains, those of LayerNorms, embeddings and (where
it is read) the pooler too.
"""

from .plain import Plain


def bitfit(base_model, num_labels, pooling, hyper_parameters):
    return Plain(base_model, num_labels, pooling, hyper_parameters, lambda name: name.endswith(".bias"))
