// What of the hub is kept on this device: what it takes, when it was last used, and how to be rid of it.

import type { KeptList, KeptRepo } from '../../src/protocol/hub.ts';
import { plural } from '../../src/protocol/sentences.ts';
import { useActions, useApp } from '../state/context.ts';
import { ErrorNote } from '../ui/ErrorNote.tsx';
import { bytes } from '../ui/format.ts';
import { Icon } from '../ui/icons.tsx';
import { Unfold } from '../ui/Unfold.tsx';

const when = (time: number) =>
  time === 0 ? 'not used yet' : `last used ${new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}`;

export function KeptPanel() {
  const { value, error } = useApp((state) => state.hub.kept);
  const { showKept } = useActions();
  // A repository that was only looked up has its listing here and nothing else.
  const repos = (value?.repos ?? []).filter((repo) => repo.bytes > 0);
  const total = repos.reduce((sum, repo) => sum + repo.bytes, 0);
  return (
    <Unfold
      title={`Kept on this device: ${repos.length === 0 ? 'nothing yet' : `${plural(repos.length, 'item')}, ${bytes(total)}`}`}
      onOpen={showKept}
    >
      {error !== undefined && <ErrorNote error={error} />}
      {repos.length > 0 && (
        <ul className="hub-kept" aria-label="Kept on this device">
          {repos.map((repo) => (
            <KeptLine key={`${repo.type} ${repo.id} ${repo.commit}`} repo={repo} />
          ))}
        </ul>
      )}
      {value !== undefined && <SpaceLine kept={value} />}
    </Unfold>
  );
}

function KeptLine({ repo }: { repo: KeptRepo }) {
  const { removeKept } = useActions();
  const { id, commit, revisions, whole, last_used } = repo;
  return (
    <li>
      <div>
        <p>
          <strong>{id}</strong> <span className="muted">{revisions.length > 0 ? revisions.join(', ') : commit.slice(0, 7)}</span>
        </p>
        <p className="small muted">
          {repo.type === 'dataset' ? 'data set, ' : ''}
          {bytes(repo.bytes)}
          {whole ? '' : ', not all of it'}, {when(last_used)}
        </p>
      </div>
      <button type="button" className="quiet" onClick={() => void removeKept(repo)} aria-label={`Delete ${id} ${commit.slice(0, 7)}`}>
        Delete
      </button>
    </li>
  );
}

function SpaceLine({ kept: { place, free, quota, persisted } }: { kept: KeptList }) {
  const { persistKept } = useActions();
  const room =
    free === undefined ? '' : `, which says that about ${bytes(free)}${quota === undefined ? '' : ` of ${bytes(quota)}`} are free`;
  return (
    <div className="row">
      <span className="small muted">
        It lies in {place}
        {room}. {persisted === true && 'The browser will not clear it by itself.'}
        {persisted === false && 'The browser may clear it when the disk runs full.'}
      </span>
      {persisted === false && (
        <button type="button" className="quiet" onClick={() => void persistKept()}>
          <Icon name="lock" /> Ask it not to
        </button>
      )}
    </div>
  );
}
