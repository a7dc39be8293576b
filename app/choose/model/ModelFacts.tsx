// What the chosen model is, and what its folder lacks.

import type { ModelDescription } from '../../../src/protocol/messages.ts';
import { countText } from '../../../src/protocol/sentences.ts';
import { Facts } from '../../ui/Facts.tsx';
import { bytes } from '../../ui/format.ts';

export function ModelFacts({ description, name }: { description: ModelDescription | undefined; name: string }) {
  if (description === undefined) return <div className="skeleton" role="status" aria-label={`Reading ${name}`} />;
  const facts: (readonly [string, string])[] = [
    ['Model', description.name],
    ['Architecture', `${description.model_type}, ${description.num_hidden_layers} layers, ${description.hidden_size} wide`],
    ['Parameters', description.bytes > 0 ? countText(description.parameters) : '–'],
    ['On disk', description.bytes > 0 ? `${bytes(description.bytes)}, ${description.stored_type}` : 'no weights'],
  ];
  const { missing, notes, image } = description;
  if (image !== undefined) {
    const { image_size, patch_size, tokens } = image;
    facts.push(['Looks at', `pictures of ${image_size} × ${image_size} in patches of ${patch_size}, ${tokens} tokens each`]);
  }
  return (
    <>
      <Facts facts={facts} />
      {missing.length > 0 && (
        <div className="note note-warning" role="status">
          <p>
            The folder has no {missing.join(', no ')}: enough for a plan, but not for a run. Download {missing.length === 1 ? 'it' : 'them'}{' '}
            from the model's page on the hub (Files and versions) into the same folder.
          </p>
        </div>
      )}
      {notes.map((note) => (
        <p key={note} className="small muted">
          {note}
        </p>
      ))}
    </>
  );
}
