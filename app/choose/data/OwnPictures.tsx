// Pictures of one's own: a folder with a folder for each class, or a zip of it. Not here: tables of texts (OwnData.tsx).

import type { DataRef } from '../../../src/protocol/config.ts';
import { DropZone, Pick } from '../../ui/DropZone.tsx';
import { picturesOfDropped, picturesOfPicked } from '../../ui/picture_files.ts';

export function OwnPictures({ onData }: { onData(data: DataRef): void }) {
  const take = (data: DataRef | undefined) => {
    if (data !== undefined) onData(data);
  };
  return (
    <DropZone
      hint="A folder with a folder for each class: cat/1.jpg, dog/1.jpg, in folders train and validation if you like; or a zip of it, or a Parquet file. JPEG, PNG, WebP or GIF. The pictures stay on this machine: there is no server to send them to."
      onDrop={(transfer) => void picturesOfDropped(transfer).then(take)}
    >
      <Pick folder icon="folder" label="Choose a folder of pictures" onPick={(files) => take(picturesOfPicked(files))} />
      <Pick accept=".zip,.parquet,application/zip" icon="file" label="Choose a zip" onPick={(files) => take(picturesOfPicked(files))} />
      <span className="muted">or drop one here</span>
    </DropZone>
  );
}
