// The few pictograms, drawn on a 16-pixel grid in the colour of the text. They only accompany words, so they are hidden from readers.

const paths = {
  check: 'M3 8.5 6.5 12 13 4.5',
  alert: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  play: 'M5 3.5v9l7.5-4.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  step: 'M4 3.5v9L10 8zM12.5 3.5v9',
  stop: 'M4 4h8v8H4z',
  download: 'M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10',
  folder: 'M1.5 4h4.5l1.5 2h7v7.5h-13z',
  file: 'M4 1.5h5.5l3 3v10H4zM9 1.5v4h4',
  paste: 'M5.5 3h-2v11h9V3h-2M5.5 1.8h5v2.6h-5z',
  reset: 'M3.5 8a4.5 4.5 0 1 0 1.6-3.4L3 6.2M3 2.8v3.4h3.4',
  info: 'M8 7v4.5M8 4.4v.1M14.5 8a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0z',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  table: 'M2 3h12v10H2zM2 6.5h12M6.5 3v10',
  chart: 'M2 13.5h12M4 11V8M8 11V3M12 11V6',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z',
  system: 'M2 3h12v8H2zM6 14h4M8 11v3',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
