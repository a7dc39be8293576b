// Pictures of one's own, and the likeliest classes of each.

import { useEffect, useRef, useState } from 'react';
import { reportOf } from '../../src/protocol/errors.ts';
import type { Prediction } from '../../src/protocol/messages.ts';
import { plural } from '../../src/protocol/sentences.ts';
import type { Answer } from '../state/answer.ts';
import { DropZone, Pick } from '../ui/DropZone.tsx';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { Icon } from '../ui/icons.tsx';
import { picturesAmong } from '../ui/picture_files.ts';
import { Thumbnail } from '../ui/Thumbnail.tsx';
import { Probabilities } from './Probabilities.tsx';

interface TryPicturesProps {
  labels: readonly string[];
  /** Another adapter is being imported: afterwards the pictures that are there are asked of it. */
  importing: boolean;
  /** Rejects where the picture can't be read. */
  predict(name: string, picture: Blob): Promise<Prediction | undefined>;
}

interface Tried {
  readonly id: number;
  readonly file: File;
  readonly answer: Answer<Prediction>;
}

/** Kept at a time, the newest. */
const MOST = 24;
/** Classes that are listed of each picture. */
const LIKELIEST = 5;

export function TryPictures({ labels, importing, predict }: TryPicturesProps) {
  const [tried, setTried] = useState<readonly Tried[]>([]);
  const [refused, setRefused] = useState(0);
  const next = useRef(0);
  const put = (id: number, answer: Answer<Prediction>) =>
    setTried((before) => before.map((one) => (one.id === id ? { ...one, answer } : one)));
  // One after the other, so that each is shown as soon as it is there, and a broken one harms none.
  const ask = async (some: readonly Tried[]) => {
    for (const { id, file } of some) {
      await predict(file.name, file).then(
        (value) => put(id, { pending: false, value }),
        (thrown: unknown) => put(id, { pending: false, error: reportOf(thrown) }),
      );
    }
  };
  const take = (files: Iterable<File>) => {
    const all = [...files];
    const pictures = picturesAmong(all);
    setRefused(all.length - pictures.length);
    const added = pictures.slice(0, MOST).map((file): Tried => ({ id: next.current++, file, answer: { pending: true } }));
    setTried((before) => [...added, ...before].slice(0, MOST));
    void ask(added);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again only when the model has changed.
  useEffect(() => {
    if (!importing) void ask(tried);
  }, [importing]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it takes depends on the files alone.
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = picturesAmong(event.clipboardData?.files ?? []);
      if (files.length === 0) return;
      event.preventDefault();
      take(files);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, [predict]);
  return (
    <div className="try">
      <DropZone hint="JPEG, PNG, WebP or GIF, one or several. They stay on this machine." onDrop={(transfer) => take(transfer.files)}>
        <Pick several accept="image/jpeg,image/png,image/webp,image/gif" icon="file" label="Choose pictures" onPick={take} />
        <span className="muted">drop them here, or paste one</span>
      </DropZone>
      {refused > 0 && <p className="small wrong">{plural(refused, 'file')} of these can't be read as a picture.</p>}
      {tried.length > 0 && (
        <>
          <ul className="tried" aria-label="Pictures tried">
            {tried.map(({ id, file, answer }) => (
              <li key={id} aria-busy={answer.pending}>
                <Thumbnail blob={file} alt={file.name} size="large" />
                <div>
                  <p className="small tried-name" title={file.name}>
                    {file.name}
                  </p>
                  {answer.error !== undefined && <ErrorNote error={answer.error} />}
                  {answer.value?.probabilities !== undefined && (
                    <Probabilities
                      said={`${file.name}: ${answer.value.label}`}
                      of={file.name}
                      most={LIKELIEST}
                      labels={labels}
                      probabilities={answer.value.probabilities}
                    />
                  )}
                </div>
              </li>
            ))}
          </ul>
          <button type="button" className="quiet" onClick={() => setTried([])}>
            <Icon name="close" /> Clear
          </button>
        </>
      )}
    </div>
  );
}
