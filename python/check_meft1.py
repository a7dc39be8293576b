"""Checks retrace.meft against Transformers itself: exit 1 if one of three identities fails. Needs only vectors/tiny_bert.

1. Adapters at zero and lambda = 0: the hidden states are the mean of BERT's last two.
2. Fixed streams agree with float streams of the same lambda to the resolution of 20 fraction bits, gradients too.
3. Float gradients agree with central finite differences in float64.
"""

import sys

import torch

from record.meft1 import tiny_meft1
from record.recording import logits_loss_gradients, model_inputs, relative_difference, tiny_batch
from retrace.meft import Meft1Config


def zero_adapters_give_bert():
    batch, model = tiny_batch(), tiny_meft1("mean", Meft1Config(streams="float", lam=0.0)).double()
    for p in model.encoder.parameters():
        p.data.zero_()
    with torch.no_grad():
        states = model.bert(**model_inputs(batch), output_hidden_states=True).hidden_states
        difference = model.hidden_states(**model_inputs(batch)) - (states[-1] + states[-2]) / 2
    return (difference * batch["attention_mask"][..., None]).abs().max().item(), 1e-12


def fixed_agrees_with_float():
    gradients = {}
    for streams in ("float", "fixed"):
        model = tiny_meft1("mean", Meft1Config(streams=streams, lam=0.125)).double()
        gradients[streams] = logits_loss_gradients(lambda b: model(**model_inputs(b)), tiny_batch(), model.trainable())[2]
    return relative_difference(gradients["fixed"], gradients["float"]), 1e-4


def gradients_agree_with_differences():
    batch, model = tiny_batch(), tiny_meft1("cls", Meft1Config(streams="float", lam=0.1)).double()
    trainable = model.trainable()
    gradients = logits_loss_gradients(lambda b: model(**model_inputs(b)), batch, trainable)[2]
    worst, step = 0.0, 1e-5
    for name, p in trainable.items():
        direction = torch.randn(p.shape, dtype=p.dtype, generator=torch.Generator().manual_seed(7))
        losses = []
        for sign in (1, -1):
            p.data += sign * step * direction
            with torch.no_grad():
                losses.append(torch.nn.functional.cross_entropy(model(**model_inputs(batch)), batch["labels"]).item())
            p.data -= sign * step * direction
        slope = (gradients[name] * direction).sum().item()
        worst = max(worst, abs((losses[0] - losses[1]) / (2 * step) - slope) / (abs(slope) + 1e-3))
    return worst, 1e-6


def main():
    failed = 0
    for check in (zero_adapters_give_bert, fixed_agrees_with_float, gradients_agree_with_differences):
        found, allowed = check()
        failed += found > allowed
        print(f"{'ok' if found <= allowed else 'FAILED'}  {check.__name__.replace('_', ' ')}: {found:.1e} (allowed {allowed:.0e})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
