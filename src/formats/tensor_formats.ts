// Which reader opens a file of tensors: told by its ending, as Transformers and PEFT name their files. Every reader gives the same interface.

import type { ByteSource } from './bytes.ts';
import { openSafetensors } from './safetensors.ts';
import type { TensorFile } from './tensor_file.ts';
import { openTorchFile } from './torch/torch_file.ts';

/** Endings of what torch.save writes. */
export const torchEndings = ['.bin', '.pt', '.pth', '.ckpt', '.pkl'] as const;

export const isTorchFile = (path: string): boolean => torchEndings.some((ending) => path.toLowerCase().endsWith(ending));

/** Opens a tensor file; no tensor is read. Errors: `safetensors-*`, `torch-*`. */
export const openTensorFile = (source: ByteSource): Promise<TensorFile> =>
  isTorchFile(source.name) ? openTorchFile(source) : openSafetensors(source);
