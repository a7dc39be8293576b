// What computes, where there is something to say about it: no GPU and what to do, or a software adapter and what to expect.

import { useApp } from '../state/context.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/icons.tsx';

const checklist: readonly string[] = [
  'Use Chrome or Edge 121 or newer, on the desktop. Other browsers may offer WebGPU behind a setting.',
  'Open the page over https:// or from localhost: elsewhere browsers hide the GPU.',
  'Look at chrome://gpu: WebGPU should say "Hardware accelerated". If not, turn on "Use graphics acceleration" in the system settings and restart.',
  'On Linux, start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.',
  'Without a GPU, start Chrome with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --enable-features=Vulkan: slow, but everything works.',
];

export function Environment() {
  const { value, error } = useApp((state) => state.environment);
  if (error !== undefined) return <ErrorNote error={error} />;
  if (value === undefined) return null;
  if (!value.available) {
    return (
      <section className="note note-warning" aria-label="No GPU">
        <Icon name="alert" />
        <div>
          <p className="note-title">Training needs WebGPU, and it cannot be used here: {value.error.message}</p>
          {value.error.remedy !== undefined && <p>{value.error.remedy}</p>}
          <ol>
            {checklist.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
          <p>Everything else works: look at models and data, and plan memory.</p>
        </div>
      </section>
    );
  }
  if (!value.software) return null;
  return (
    <p className="note note-warning note-line" role="note">
      <Icon name="alert" /> No GPU here: {value.adapter} computes on the processor. Everything works and is exact, but a step takes seconds.
    </p>
  );
}
