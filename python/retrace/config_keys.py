"""What architectures call by different keys of config.json, whatever the model. Not here: what else differs between them (architectures.py)."""


def act_of(config):
    """The name of the activation between the feed-forward pair's matrices."""
    keys = ("hidden_act", "activation_function", "activation")
    return next(getattr(config, key) for key in keys if hasattr(config, key))


def norm_eps_of(config):
    keys = ("layer_norm_eps", "layer_norm_epsilon")
    return next((getattr(config, key) for key in keys if hasattr(config, key)), 1e-12 if config.model_type == "distilbert" else 1e-5)


def init_std_of(config):
    return getattr(config, "initializer_range", None) or getattr(config, "init_std", 0.02)


def attention_dropout_of(config):
    keys = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
    return next(getattr(config, key) for key in keys if hasattr(config, key))
