// References of recurrent cells, gates in PyTorch's order: r, z, n (Cho et al. 2014) and i, f, g, o (Hochreiter & Schmidhuber 1997).
import { at, type Reference } from './kernel.ts';

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Calls `visit` with the number of each element in [N, H] and the offset of its first gate in [N, gates · H]. */
function forElements({ N, H }: { N: number; H: number }, gates: number, visit: (i: number, first: number) => void): void {
  for (let i = 0; i < N * H; i++) visit(i, Math.floor(i / H) * gates * H + (i % H));
}

export const gru_cell: Reference<'gru_cell'> = ({ gi, gh, h, h_next, hidden_n }, uniforms, { KEEP = 0 }) => {
  const { H } = uniforms;
  forElements(uniforms, 3, (i, first) => {
    const r = sigmoid(at(gi, first) + at(gh, first));
    const z = sigmoid(at(gi, first + H) + at(gh, first + H));
    const n = Math.tanh(at(gi, first + 2 * H) + r * at(gh, first + 2 * H));
    h_next[i] = (1 - z) * n + z * at(h, i);
    if (!KEEP) return;
    [r, z, n].forEach((gate, j) => {
      gi[first + j * H] = gate;
    });
    hidden_n[i] = at(gh, first + 2 * H);
  });
};

export const gru_cell_backward: Reference<'gru_cell_backward'> = ({ d_h, gates, hidden_n, h, d_gh }, uniforms) => {
  const { H } = uniforms;
  forElements(uniforms, 3, (i, first) => {
    const [r, z, n] = [at(gates, first), at(gates, first + H), at(gates, first + 2 * H)];
    const d = at(d_h, i);
    const d_n = d * (1 - z) * (1 - n * n);
    const d_z = d * (at(h, i) - n) * z * (1 - z);
    const d_r = d_n * at(hidden_n, i) * r * (1 - r);
    [d_r, d_z, d_n].forEach((gradient, j) => {
      gates[first + j * H] = gradient;
      d_gh[first + j * H] = j === 2 ? gradient * r : gradient;
    });
    d_h[i] = d * z;
  });
};

export const lstm_cell: Reference<'lstm_cell'> = ({ gates, c, h_next, c_next }, uniforms, { KEEP = 0 }) => {
  const { H } = uniforms;
  forElements(uniforms, 4, (e, first) => {
    const [i, f, o] = [0, 1, 3].map((j) => sigmoid(at(gates, first + j * H))) as [number, number, number];
    const g = Math.tanh(at(gates, first + 2 * H));
    c_next[e] = f * at(c, e) + i * g;
    h_next[e] = o * Math.tanh(at(c_next, e));
    if (!KEEP) return;
    [i, f, g, o].forEach((gate, j) => {
      gates[first + j * H] = gate;
    });
  });
};

export const lstm_cell_backward: Reference<'lstm_cell_backward'> = ({ d_h, d_c, gates, c, c_next }, uniforms) => {
  const { H } = uniforms;
  forElements(uniforms, 4, (e, first) => {
    const [i, f, g, o] = [0, 1, 2, 3].map((j) => at(gates, first + j * H)) as [number, number, number, number];
    const squashed = Math.tanh(at(c_next, e));
    const d = at(d_c, e) + at(d_h, e) * o * (1 - squashed * squashed);
    const d_o = at(d_h, e) * squashed * o * (1 - o);
    [d * g * i * (1 - i), d * at(c, e) * f * (1 - f), d * i * (1 - g * g), d_o].forEach((gradient, j) => {
      gates[first + j * H] = gradient;
    });
    d_c[e] = d * f;
  });
};
