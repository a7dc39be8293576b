"""READ (Wang et al., "REcurrent ADaptation of Large Transformers", arXiv 2305.15348): a recurrent network that goes up the layers of a
frozen transformer, each token for itself, and corrects its last state. No gradient enters the backbone.

    x_i    = RMSNorm(phi_i)                          phi_i: output of the frozen layer i (i = 1 ... L), one shared weight, eps 1e-6
    x_i    = [RMSNorm(phi_i); psi_i]                 with the joiner: psi_i[t] = sum_s alpha_i[t, s] h_{i-1}[s], alpha_i the layer's own
                                                     attention probabilities, mean over the heads
    h_i    = cell(x_i, h_{i-1}),  h_0 = 0            gru, lstm (and c_0 = 0) or rnn (tanh)
    hidden = phi_L + output_scale * (W_o agg + b_o)  agg: mean of h_1 ... h_L, or h_L ("last")

Where the backbone has a norm (and a projection) behind its last layer, phi_L is corrected behind it. Bottom frozen_layers are passed over. The core is the authors' program; the joiner is the smallest that agrees with what is known of the
paper's. The output starts at zero (theirs does not).
"""

import torch
from torch import nn

from ..pooling import head_width
from ..twin import Twin, dense

CELLS = {"gru": nn.GRUCell, "lstm": nn.LSTMCell, "rnn": nn.RNNCell}


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return self.weight * x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


class Read(Twin):
    stacks_that_fit = 1

    def all_additions(self, config, hyper_parameters):
        width = hyper_parameters["rnn_hidden_size"]
        inputs = config.hidden_size + (width if hyper_parameters["joiner"] else 0)
        return {
            "read.rms_norm": RmsNorm(config.hidden_size, eps=1e-6),
            "read.rnn": CELLS[hyper_parameters["rnn_type"]](inputs, width),
            "read.output": dense(width, head_width(config), std=0.0),
        }

    def encode(self, stack, h, sight):
        given, states, read = self.hyper_parameters, [], self.added.read
        hidden = cell = h.new_zeros(*h.shape[:2], given["rnn_hidden_size"])  # [B, T, H]
        for i, layer in enumerate(stack.layers(self.backbone)):
            with torch.no_grad():
                h, attention = self.parts.whole(layer, h, sight)
            if i < given.get("frozen_layers", 0):
                continue
            x = read.rms_norm(h)
            if given["joiner"]:
                x = torch.cat((x, attention.mean(1) @ hidden), -1)  # [B, T, C + H]
            hidden, cell = self.step(x, hidden, cell)
            states.append(hidden)
        aggregate = torch.stack(states).mean(0) if given["aggregation"] == "mean" else states[-1]
        return stack.finish(self.backbone, h) + given["output_scale"] * read.output(aggregate)

    def step(self, x, hidden, cell):
        """One step of the cell for each token by itself; PyTorch's cells take [B * T, .]."""
        shape = hidden.shape
        x, hidden, cell = (t.flatten(0, 1) for t in (x, hidden, cell))
        if self.hyper_parameters["rnn_type"] == "lstm":
            hidden, cell = self.added.read.rnn(x, (hidden, cell))
        else:
            hidden = self.added.read.rnn(x, hidden)
        return hidden.view(shape), cell.view(shape)
