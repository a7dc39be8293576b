// A place to drop something from the disk, with the buttons that pick it instead.

import { type ReactNode, useState } from 'react';
import { Icon, type IconName } from './icons.tsx';

interface DropZoneProps {
  hint: string;
  onDrop(transfer: DataTransfer): void;
  children: ReactNode;
}

export function DropZone({ hint, onDrop, children }: DropZoneProps) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has no keyboard form; the buttons inside do the same.
    <div
      className={over ? 'drop drop-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop(event.dataTransfer);
      }}
    >
      <div className="drop-buttons">{children}</div>
      <p className="muted">{hint}</p>
    </div>
  );
}

interface PickProps {
  icon: IconName;
  label: string;
  accept?: string;
  folder?: boolean;
  /** More than one file at a time. */
  several?: boolean;
  disabled?: boolean;
  onPick(files: readonly File[]): void;
}

/** A file input that looks like a button and keeps its keyboard behaviour. */
export function Pick({ icon, label, accept, folder = false, several = false, disabled = false, onPick }: PickProps) {
  return (
    <label className="button" aria-disabled={disabled}>
      <Icon name={icon} /> {label}
      <input
        className="hidden"
        type="file"
        accept={accept}
        disabled={disabled}
        multiple={several}
        // React has no typed name for this attribute; it passes it through.
        {...(folder ? { webkitdirectory: '' } : {})}
        onChange={({ target }) => {
          onPick([...(target.files ?? [])]);
          // The same file may be picked again after it has been corrected.
          target.value = '';
        }}
      />
    </label>
  );
}
