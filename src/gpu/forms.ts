// Which forms of kernels run on a device. Not here: the forms (src/kernels/forms.ts), where a call gets its own (src/plan/formed.ts).

import { type Forms, formsFor } from '../kernels/forms.ts';
import type { Device } from './device.ts';

export const formsOn = ({ device, info }: Pick<Device, 'device' | 'info'>): Forms =>
  formsFor({ software: info.isFallback, features: device.features });
