// Models to choose from: those to begin with, and what a search found, each with what it takes or why it can't be used.

import type { HubModelRow, KnownModel } from '../../src/protocol/hub.ts';
import { bytes, scaled } from '../ui/format.ts';

const parametersOf = (parameters: number): string => `${scaled(parameters)} parameters`;

export function KnownModels({ models, onChoose }: { models: readonly KnownModel[]; onChoose(id: string): void }) {
  const types = [...new Set(models.map(({ model_type }) => model_type))];
  return (
    <>
      {types.map((type) => (
        <section key={type} className="hub-rows" aria-label={`Models of type ${type}`}>
          {types.length > 1 && <h3>{type}</h3>}
          <ul>
            {models
              .filter(({ model_type }) => model_type === type)
              .map(({ id, parameters, bytes: size, licence, good_for }) => (
                <li key={id}>
                  <button type="button" className="link" onClick={() => onChoose(id)}>
                    {id}
                  </button>
                  <span className="small muted">
                    {parametersOf(parameters)}, {bytes(size)}, {licence}
                  </span>
                  <span className="small">{good_for}</span>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

const factsOf = ({ model_type, parameters, licence, downloads, gated }: HubModelRow): string =>
  [
    model_type,
    parameters === undefined ? undefined : parametersOf(parameters),
    licence,
    downloads === undefined || downloads === 0 ? undefined : `${scaled(downloads)} downloads a month`,
    gated ? 'gated: its authors ask you to agree to their terms' : undefined,
  ]
    .filter((fact) => fact !== undefined)
    .join(', ');

export function FoundModels({ models, onChoose }: { models: readonly HubModelRow[]; onChoose(id: string): void }) {
  if (models.length === 0) return <p className="small muted">The hub has no model of that name.</p>;
  return (
    <section className="hub-rows" aria-label="Models found">
      <ul>
        {models.map((row) => (
          <li key={row.id}>
            {row.supported === true ? (
              <button type="button" className="link" onClick={() => onChoose(row.id)}>
                {row.id}
              </button>
            ) : (
              <span className="muted">{row.id}</span>
            )}
            <span className="small muted">{factsOf(row)}</span>
            {row.supported !== true && <span className="small">Can't be used. {row.supported}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
