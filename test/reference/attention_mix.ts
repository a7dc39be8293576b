// References of the attention probabilities that a side network reads, and of mixing over tokens by them. Layout of q k: [B, T, NH, HD].
import { add, at, type Reference } from './kernel.ts';

export const attention_probabilities: Reference<'attention_probabilities'> = (
  { q, k, lse, lengths, p },
  uniforms,
  { CAUSAL = 0 },
  _,
  HD,
) => {
  const { B, T, NH, first, scale } = uniforms;
  p.fill(0, 0, B * T * T);
  for (let b = 0; b < B; b++) {
    const length = Math.min(at(lengths, first + b), T);
    for (let head = 0; head < NH; head++) {
      const vectorAt = (t: number) => ((b * T + t) * NH + head) * HD;
      for (let i = 0; i < length; i++) {
        for (let j = 0; j < (CAUSAL ? i + 1 : length); j++) {
          let score = 0;
          for (let c = 0; c < HD; c++) score += scale * at(q, vectorAt(i) + c) * at(k, vectorAt(j) + c);
          add(p, (b * T + i) * T + j, Math.exp(score - at(lse, (b * NH + head) * T + i)) / NH);
        }
      }
    }
  }
};

export const token_mix: Reference<'token_mix'> = ({ p, x, y }, { B, T, C }, { TRANSPOSED = 0 }) => {
  y.fill(0, 0, B * T * C);
  for (let row = 0; row < B * T; row++) {
    const b = Math.floor(row / T);
    for (let s = 0; s < T; s++) {
      const weight = at(p, TRANSPOSED ? (b * T + s) * T + (row % T) : row * T + s);
      for (let c = 0; c < C; c++) add(y, row * C + c, weight * at(x, (b * T + s) * C + c));
    }
  }
};
