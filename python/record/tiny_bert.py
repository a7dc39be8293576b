"""Records vectors/tiny_bert: a small random BERT as a Hugging Face folder, one ragged batch, and for both poolings the logits, the
loss and the gradient of every parameter, from Transformers itself.

Weights are large (0.2) and biases and LayerNorms random, so that no gradient is small or zero by symmetry. The exception is the bias of
the keys, whose gradient is zero in exact arithmetic: what is recorded for it is rounding.
"""

import torch
from transformers import BertConfig, BertForSequenceClassification

from retrace.base import classifier_model

from .recording import TINY_BERT, batch_json, judged, model_inputs, random_batch, write_json, write_tensors

CONFIG = BertConfig(
    vocab_size=99,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=48,
    type_vocab_size=2,
    initializer_range=0.2,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    num_labels=3,
)


def random_model():
    torch.manual_seed(1)
    model = BertForSequenceClassification(CONFIG)
    generator = torch.Generator().manual_seed(2)
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        if name.endswith("LayerNorm.weight"):
            p.data = 1 + 0.2 * noise
        elif name.endswith("bias"):
            p.data = 0.1 * noise
        else:
            p.data = CONFIG.initializer_range * noise
    return model


def main():
    random_model().save_pretrained(TINY_BERT)
    batch = random_batch(3, lengths=[11, 7, 3, 9], padded_length=11, vocab_size=CONFIG.vocab_size, num_labels=CONFIG.num_labels)
    expected = {"recorded_by": "python/record/tiny_bert.py", "batch": batch_json(batch)}
    for pooling in ("cls", "mean"):
        model = classifier_model(TINY_BERT, pooling, CONFIG.num_labels).eval()
        parameters = lambda: dict(model.named_parameters())
        expected[pooling], gradients = judged(lambda b: model(**model_inputs(b)).logits, model, batch, parameters)
        write_tensors(TINY_BERT / f"grads_{pooling}.safetensors", gradients)
        print(pooling, expected[pooling])
    with torch.no_grad():
        states = model.bert(**model_inputs(batch), output_hidden_states=True).hidden_states
    write_tensors(TINY_BERT / "hidden_states.safetensors", {f"hidden_states.{i}": h for i, h in enumerate(states)})
    write_json(TINY_BERT / "expected.json", expected)


if __name__ == "__main__":
    main()
