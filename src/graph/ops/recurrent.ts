// Recurrent cells with PyTorch's gates: gru (r, z, n), lstm (i, f, g, o), rnn (tanh). A cell is what comes after the products with weight_ih
// and weight_hh; these, with both biases, are the caller's `linear`. What a gradient needs is written over the products, in place.
// Not here: over what a recurrence runs (a side network's steps are the layers of the backbone, not the tokens).

import type { Graph } from '../graph.ts';
import type { Op } from '../op.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { applyActivation } from './elementwise.ts';
import { zeros } from './fill.ts';

type CellAttributes = {
  /** Keep what the gradient needs. */
  readonly keep: boolean;
};

const rowsOf = (h: Tensor) => {
  const H = h.shape.at(-1) as number;
  return { N: sizeOf(h.shape) / H, H };
};

function expectGates(cell: string, x: Tensor, gates: number, h: Tensor): void {
  const wanted = [...h.shape.slice(0, -1), gates * (h.shape.at(-1) as number)];
  if (x.shape.join() !== wanted.join()) throw new Error(`${cell}: [${x.shape}] for a state [${h.shape}]; [${wanted}] is needed`);
}

type GruInputs = {
  readonly gi: Tensor; // [.., 3H]
  readonly gh: Tensor; // [.., 3H]
  readonly h: Tensor; // [.., H]
};

type GruOutputs = {
  readonly h_next: Tensor; // [.., H]
  readonly gates: Tensor | undefined; // [.., 3H]: r, z, n, over gi
  readonly hidden_n: Tensor | undefined; // [.., H]: the hidden state's share of n
};

const gruOp: Op<GruInputs, GruOutputs, CellAttributes> = {
  name: 'gru_cell',
  shapes({ gi, gh, h }, { keep }) {
    for (const x of [gi, gh]) expectGates('gru_cell', x, 3, h);
    const { shape } = h;
    return { h_next: { shape }, gates: keep ? { shape: gi.shape } : undefined, hidden_n: keep ? { shape } : undefined };
  },
  inPlace: ({ keep }) => (keep ? [['gates', 'gi']] : []),
  vjp({ g, inputs: { h }, d, kept, needs }) {
    const given = { d_h_next: d('h_next'), gates: kept('gates'), hidden_n: kept('hidden_n'), h };
    const { d_gi, d_gh, d_h } = g.apply(gruBackwardOp, given, {});
    return { gi: needs('gi') ? d_gi : undefined, gh: needs('gh') ? d_gh : undefined, h: needs('h') ? d_h : undefined };
  },
  lower: ({ inputs: { gi, gh, h }, outputs: { h_next, gates, hidden_n }, attributes: { keep } }) => [
    {
      kernel: 'gru_cell',
      tensors: { gi: gates ?? gi, gh, h, h_next, hidden_n },
      uniforms: rowsOf(h_next),
      overrides: { KEEP: keep ? 1 : 0 },
    },
  ],
};

type GruBackwardInputs = {
  readonly d_h_next: Tensor; // [.., H]
  readonly gates: Tensor; // [.., 3H]
  readonly hidden_n: Tensor; // [.., H]
  readonly h: Tensor; // [.., H]
};

type GruBackwardOutputs = {
  readonly d_gi: Tensor; // [.., 3H]
  readonly d_gh: Tensor; // [.., 3H]
  readonly d_h: Tensor; // [.., H]
};

const gruBackwardOp: Op<GruBackwardInputs, GruBackwardOutputs> = {
  name: 'gru_cell_backward',
  shapes: ({ d_h_next, gates }) => ({ d_gi: { shape: gates.shape }, d_gh: { shape: gates.shape }, d_h: { shape: d_h_next.shape } }),
  inPlace: () => [
    ['d_gi', 'gates'],
    ['d_h', 'd_h_next'],
  ],
  lower: ({ inputs: { hidden_n, h }, outputs: { d_gi, d_gh, d_h } }) => [
    { kernel: 'gru_cell_backward', tensors: { d_h, gates: d_gi, hidden_n, h, d_gh }, uniforms: rowsOf(d_h) },
  ],
};

/**
 * h' = (1 - z) ∘ n + z ∘ h with r, z = σ(gi + gh), n = tanh(gi + r ∘ gh), of gi = x weight_ihᵀ + bias_ih and gh = h weight_hhᵀ + bias_hh
 * [.., 3H] and h [.., H], as torch.nn.GRUCell. Consumes gi while training.
 */
export const gruCell = (g: Graph, gi: Tensor, gh: Tensor, h: Tensor): Tensor => g.apply(gruOp, { gi, gh, h }, { keep: g.training }).h_next;

type LstmInputs = {
  readonly gates: Tensor; // [.., 4H]
  readonly c: Tensor; // [.., H]
};

type LstmOutputs = {
  readonly h_next: Tensor; // [.., H]
  readonly c_next: Tensor; // [.., H]
  readonly opened: Tensor | undefined; // [.., 4H]: i, f, g, o, over the gates' arguments
};

const lstmOp: Op<LstmInputs, LstmOutputs, CellAttributes> = {
  name: 'lstm_cell',
  shapes({ gates, c }, { keep }) {
    expectGates('lstm_cell', gates, 4, c);
    const { shape } = c;
    return { h_next: { shape }, c_next: { shape }, opened: keep ? { shape: gates.shape } : undefined };
  },
  inPlace: ({ keep }) => (keep ? [['opened', 'gates']] : []),
  vjp({ g, inputs: { c }, outputs: { c_next }, d_outputs, kept, needs }) {
    // The last cell's c' leads nowhere.
    const [d_h_next, d_c_next] = [d_outputs.h_next ?? zeros(g, c.shape), d_outputs.c_next ?? zeros(g, c.shape)];
    const { d_gates, d_c } = g.apply(lstmBackwardOp, { d_h_next, d_c_next, gates: kept('opened'), c, c_next }, {});
    return { gates: needs('gates') ? d_gates : undefined, c: needs('c') ? d_c : undefined };
  },
  lower: ({ inputs: { gates, c }, outputs: { h_next, c_next, opened }, attributes: { keep } }) => [
    {
      kernel: 'lstm_cell',
      tensors: { gates: opened ?? gates, c, h_next, c_next },
      uniforms: rowsOf(h_next),
      overrides: { KEEP: keep ? 1 : 0 },
    },
  ],
};

type LstmBackwardInputs = {
  readonly d_h_next: Tensor; // [.., H]
  readonly d_c_next: Tensor; // [.., H]
  readonly gates: Tensor; // [.., 4H]
  readonly c: Tensor; // [.., H]
  readonly c_next: Tensor; // [.., H]
};

type LstmBackwardOutputs = {
  readonly d_gates: Tensor; // [.., 4H]
  readonly d_c: Tensor; // [.., H]
};

const lstmBackwardOp: Op<LstmBackwardInputs, LstmBackwardOutputs> = {
  name: 'lstm_cell_backward',
  shapes: ({ d_c_next, gates }) => ({ d_gates: { shape: gates.shape }, d_c: { shape: d_c_next.shape } }),
  inPlace: () => [
    ['d_gates', 'gates'],
    ['d_c', 'd_c_next'],
  ],
  lower: ({ inputs: { d_h_next, c, c_next }, outputs: { d_gates, d_c } }) => [
    { kernel: 'lstm_cell_backward', tensors: { d_h: d_h_next, d_c, gates: d_gates, c, c_next }, uniforms: rowsOf(d_c) },
  ],
};

/**
 * c' = σ(f) ∘ c + σ(i) ∘ tanh(g), h' = σ(o) ∘ tanh(c'), of gates [.., 4H] = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh and c [.., H], as
 * torch.nn.LSTMCell. Consumes gates while training.
 */
export function lstmCell(g: Graph, gates: Tensor, c: Tensor): { h: Tensor; c: Tensor } {
  const { h_next, c_next } = g.apply(lstmOp, { gates, c }, { keep: g.training });
  return { h: h_next, c: c_next };
}

/** h' = tanh(x), x [.., H] = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh, as torch.nn.RNNCell. */
export const rnnCell = (g: Graph, x: Tensor): Tensor => applyActivation(g, x, 'tanh');
