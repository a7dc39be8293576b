// Recurrent cells with PyTorch's gates: gru (r, z, n), lstm (i, f, g, o), rnn (tanh). A cell is what comes after the products with weight_ih
// and weight_hh; these, with both biases, are the caller's `linear`. What a gradient needs is written over the products, in place.
// Not here: over what a recurrence runs (a side network's steps are the layers of the backbone, not the tokens).

import type { Attributes, Graph, Op, Tensor } from '../ir.ts';
import { sizeOf } from '../ir.ts';
import { applyActivation } from './elementwise.ts';
import { zeros } from './fill.ts';

type CellAttributes = Attributes & {
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

const gruOp: Op<CellAttributes> = {
  name: 'gru_cell',
  shapes([gi, gh, h], { keep }) {
    for (const x of [gi, gh]) expectGates('gru_cell', x as Tensor, 3, h as Tensor);
    const { shape } = h as Tensor;
    return keep ? [{ shape }, { shape: (gi as Tensor).shape }, { shape }] : [{ shape }];
  },
  // gi becomes r, z, n.
  inPlace: ({ keep }) => (keep ? [[1, 0]] : []),
  vjp({ g, node, d_outputs, needs }) {
    const [, gates, hidden_n] = node.outputs;
    const [d_gi, d_gh, d_h] = g.apply(gruBackwardOp, [d_outputs[0], gates, hidden_n, node.inputs[2]], {});
    return [needs(0) ? d_gi : undefined, needs(1) ? d_gh : undefined, needs(2) ? d_h : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [gi, gh, h] = inputs;
    const [h_next, gates, hidden_n] = outputs as [Tensor, Tensor | undefined, Tensor | undefined];
    return [
      {
        kernel: 'gru_cell',
        tensors: { gi: gates ?? gi, gh, h, h_next, hidden_n },
        uniforms: rowsOf(h_next),
        overrides: { KEEP: attributes['keep'] ? 1 : 0 },
      },
    ];
  },
};

const gruBackwardOp: Op = {
  name: 'gru_cell_backward',
  shapes: ([d_h, gates]) => [gates as Tensor, gates as Tensor, d_h as Tensor].map(({ shape }) => ({ shape })),
  inPlace: () => [
    [0, 1],
    [2, 0],
  ],
  lower({ inputs, outputs }) {
    const [, , hidden_n, h] = inputs;
    const [gates, d_gh, d_h] = outputs;
    return [{ kernel: 'gru_cell_backward', tensors: { d_h, gates, hidden_n, h, d_gh }, uniforms: rowsOf(d_h as Tensor) }];
  },
};

/**
 * h' = (1 - z) ∘ n + z ∘ h with r, z = σ(gi + gh), n = tanh(gi + r ∘ gh), of gi = x weight_ihᵀ + bias_ih and gh = h weight_hhᵀ + bias_hh
 * [.., 3H] and h [.., H], as torch.nn.GRUCell. Consumes gi while training.
 */
export const gruCell = (g: Graph, gi: Tensor, gh: Tensor, h: Tensor): Tensor =>
  g.apply(gruOp, [gi, gh, h], { keep: g.training })[0] as Tensor;

const lstmOp: Op<CellAttributes> = {
  name: 'lstm_cell',
  shapes([gates, c], { keep }) {
    expectGates('lstm_cell', gates as Tensor, 4, c as Tensor);
    const { shape } = c as Tensor;
    return keep ? [{ shape }, { shape }, { shape: (gates as Tensor).shape }] : [{ shape }, { shape }];
  },
  inPlace: ({ keep }) => (keep ? [[2, 0]] : []),
  vjp({ g, node, d_outputs, needs }) {
    const c = node.inputs[1] as Tensor;
    const [, c_next, gates] = node.outputs;
    // The last cell's c' leads nowhere.
    const [d_h, d_c] = [d_outputs[0] ?? zeros(g, c.shape), d_outputs[1] ?? zeros(g, c.shape)];
    const [d_gates, d_c_before] = g.apply(lstmBackwardOp, [d_h, d_c, gates, c, c_next], {});
    return [needs(0) ? d_gates : undefined, needs(1) ? d_c_before : undefined];
  },
  lower({ inputs, outputs, attributes }) {
    const [h_next, c_next, gates] = outputs as [Tensor, Tensor, Tensor | undefined];
    return [
      {
        kernel: 'lstm_cell',
        tensors: { gates: gates ?? inputs[0], c: inputs[1], h_next, c_next },
        uniforms: rowsOf(h_next),
        overrides: { KEEP: attributes['keep'] ? 1 : 0 },
      },
    ];
  },
};

const lstmBackwardOp: Op = {
  name: 'lstm_cell_backward',
  shapes: ([, d_c, gates]) => [gates as Tensor, d_c as Tensor].map(({ shape }) => ({ shape })),
  inPlace: () => [
    [0, 2],
    [1, 1],
  ],
  lower({ inputs, outputs }) {
    const [d_h, , , c, c_next] = inputs;
    const [gates, d_c] = outputs;
    return [{ kernel: 'lstm_cell_backward', tensors: { d_h, d_c, gates, c, c_next }, uniforms: rowsOf(d_c as Tensor) }];
  },
};

/**
 * c' = σ(f) ∘ c + σ(i) ∘ tanh(g), h' = σ(o) ∘ tanh(c'), of gates [.., 4H] = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh and c [.., H], as
 * torch.nn.LSTMCell. Consumes gates while training.
 */
export function lstmCell(g: Graph, gates: Tensor, c: Tensor): { h: Tensor; c: Tensor } {
  const [h, next] = g.apply(lstmOp, [gates, c], { keep: g.training });
  return { h: h as Tensor, c: next as Tensor };
}

/** h' = tanh(x), x [.., H] = x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh, as torch.nn.RNNCell. */
export const rnnCell = (g: Graph, x: Tensor): Tensor => applyActivation(g, x, 'tanh');
