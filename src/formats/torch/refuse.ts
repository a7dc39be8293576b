// The errors of PyTorch's files: one form, with the byte, and the line that saves the weights in a form that can be read.

import { RetraceError } from '../../protocol/errors.ts';

export const convertLine = (name: string): string => {
  const stem = name.replace(/^.*\//, '');
  return `python -c "import torch; torch.save(torch.load('${stem}', map_location='cpu', weights_only=True), '${stem}')"`;
};

export function refuseTorch(code: string, message: string, where: string, remedy: string): never {
  throw new RetraceError({ code: `torch-${code}`, message, where, remedy });
}

export const DOWNLOAD_AGAIN = 'The file is damaged or was not written by torch.save. Download it again, or use model.safetensors.';
