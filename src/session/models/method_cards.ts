// Methods as the page and the help texts present them: with the defaults and refusals of a model, or of no model in particular.

import type { Method } from '../../methods/method.ts';
import { factsOf } from '../../methods/options.ts';
import { methods, resolveOptions } from '../../methods/registry.ts';
import type { Backbone, BackboneDefaults } from '../../models/model.ts';
import { usualDefaults } from '../../models/registry.ts';
import type { MethodCard, OptionCard } from '../../protocol/cards.ts';
import { type MethodOptions, policyNames, streamKinds } from '../../protocol/config.ts';

const shown = (value: MethodOptions[keyof MethodOptions]): string => (Array.isArray(value) ? value.join(', ') : String(value));

function optionCard(method: Method, key: keyof MethodOptions, defaults: BackboneDefaults): OptionCard {
  const values = streamKinds.map((streams) => shown(resolveOptions(method, { streams }, defaults)[key]));
  const [float, fixed] = values;
  return {
    key,
    ...factsOf(method, key),
    default: key === 'streams' || float === fixed ? shown(resolveOptions(method, {}, defaults)[key]) : `${fixed} (fixed), ${float} (float)`,
  };
}

/** Cards of all methods, for the page and for help texts. Where a method makes no sense for the model, it refuses every policy. */
export function methodCards(backbone?: Backbone): MethodCard[] {
  const defaults = backbone?.defaults ?? usualDefaults;
  return methods.map((method) => {
    const refused = backbone && method.refusesModel?.(backbone);
    return {
      name: method.name,
      title: method.title,
      summary: method.summary,
      group: method.group,
      diagram: method.diagram,
      options: method.uses.map((key) => optionCard(method, key, defaults)),
      ...(method.paper ? { paper: method.paper } : {}),
      learning_rate: method.learning_rate,
      refusals: Object.fromEntries(
        policyNames.map((policy) => [policy, refused ?? method.refuses(policy) ?? null]),
      ) as MethodCard['refusals'],
      default_policy: method.defaultPolicy,
      defaults: Object.fromEntries(
        streamKinds.map((streams) => [streams, resolveOptions(method, { streams }, defaults)]),
      ) as MethodCard['defaults'],
      uses: method.uses,
    };
  });
}
