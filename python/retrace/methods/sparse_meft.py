"""Sparse MEFT (Hao et al., "MEFT: Memory-Efficient Fine-Tuning through Sparse Adapter", ACL 2024, arXiv 2406.04984): a wide parallel
adapter of r neurons (key, value) beside each layer's feed-forward pair, of which few are used. Neurons lie in N experts of m = r / N
neighbours; a router picks num_probed_experts of them for a token x by its scores s = W_g x.

activation_rule "token", as the authors' program computes (not as their Algorithm 1 says):

    a_j = s_e(j) * (k_j . x)  of a probed expert's neurons, 0 of the others;  I = the num_activated largest a_j of the token
    out = sum over I of ReLU(a_j) v_j

"union", their Algorithm 1: I as the num_activated largest k_j . x within the probed experts, S = the union of I over the valid tokens of
the batch, and every token uses all of S: out = sum over S of ReLU(k_j . x) v_j. The router gets no gradient. (The paper ranks by
ReLU(k_j . x); ranking by k_j . x is the same where that is positive, and says what to take among its zeros.)

Which experts and neurons are picked is not differentiated. Where two scores tie, the lower index would have to win; nothing here ties.
"""

import math

import torch
from torch import nn

from ..config_keys import init_std_of
from ..twin import Twin


def experts_for(r):
    """As many as num_experts 0 stands for: the divisor of r that is nearest to 4 * sqrt(r), the lesser of two."""
    return min((n for n in range(1, r + 1) if r % n == 0), key=lambda n: (abs(n - 4 * math.sqrt(r)), n))


class SparseAdapter(nn.Module):
    def __init__(self, config, hyper_parameters):
        super().__init__()
        r = hyper_parameters["adapter_size"]
        experts = hyper_parameters.get("num_experts", 0) or experts_for(r)
        if r % experts:
            raise ValueError(f"{r} neurons do not divide into {experts} experts")
        self.probed, self.activated = hyper_parameters["num_probed_experts"], hyper_parameters["num_activated"]
        self.rule = hyper_parameters["activation_rule"]
        if self.rule not in ("token", "union"):
            raise ValueError(f'activation_rule is "{self.rule}"; known are token, union')
        self.keys = nn.Parameter(init_std_of(config) * torch.randn(r, config.hidden_size))
        self.values = nn.Parameter(torch.zeros(r, config.hidden_size))
        # As the authors start it: a router that already points at its experts' keys.
        self.router = nn.Parameter(50 * self.keys.detach().view(experts, -1, config.hidden_size).mean(1))

    def forward(self, x, valid):
        """[B, T, C] -> [B, T, C]; `valid` [B, T] says which tokens count in a union."""
        if self.rule == "token":
            return self.activations(x) @ self.values
        rows = self.union(x, valid)
        return torch.relu(x @ self.keys[rows].T) @ self.values[rows]

    def activations(self, x):
        """[B, T, r]: zero but for the neurons that a token uses."""
        scores = x @ self.router.T  # [B, T, N]
        coefficients = torch.where(picked(scores, self.probed), scores, 0).repeat_interleave(self.experts_size, -1)
        a = coefficients * (x @ self.keys.T)
        return torch.where(picked(a, self.activated), torch.relu(a), 0)

    @torch.no_grad()
    def union(self, x, valid):
        """Indices of the neurons that any valid token would use, ascending."""
        probed = picked(x @ self.router.T, self.probed).repeat_interleave(self.experts_size, -1)
        candidates = torch.where(probed, x @ self.keys.T, -torch.inf)
        used = picked(candidates, self.activated) & probed & valid[..., None]
        return used.flatten(0, 1).any(0).nonzero()[:, 0]

    @property
    def experts_size(self):
        return len(self.keys) // len(self.router)


def picked(scores, count):
    """A mask of the `count` largest along the last axis."""
    count = min(count, scores.shape[-1])
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, scores.topk(count, -1).indices, True)


class SparseMeft(Twin):
    def additions(self, config, hyper_parameters):
        return {"sparse_adapter": SparseAdapter(config, hyper_parameters)}

    def layer(self, layer, added, h, sight):
        return self.parts.mlp_block(layer, self.parts.attention_block(layer, h, sight), lambda y, a: y + added.sparse_adapter(a, sight.valid))
