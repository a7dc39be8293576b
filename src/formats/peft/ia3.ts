// IA3: one vector for each chosen dense layer, [out, 1] on what leaves it, or [1, in] on what enters where it is among feedforward_modules.

import { amongTargets, ending, fanInFanOut, modulesToSave, reading, targetModules } from './modules.ts';
import { listed, matches, type PeftType, refusePeft } from './peft_type.ts';

const suffix = '.ia3_l';

export const ia3: PeftType = {
  peft_type: 'IA3',
  method: 'ia3',
  prefix: 'base_model.model.',
  known: ['init_ia3_weights', 'target_modules', 'exclude_modules', 'feedforward_modules'],
  refuses: (_, _model, { hyper_parameters: { frozen_layers } }) =>
    Number(frozen_layers ?? 0) > 0 ? 'PEFT scales every layer by (IA)³; here the bottom ones have none.' : undefined,
  toPeft({ hyper_parameters: { target_modules, feedforward_modules } }, specs, model) {
    const [targets, feedforward] = [listed(target_modules), listed(feedforward_modules)];
    // What the ends of names can't say is said module by module, as PEFT itself does for "all-linear".
    const paths = specs.filter(({ name }) => name.endsWith(suffix)).map(({ name }) => name.slice(0, -suffix.length));
    const each = targets.includes('all-linear');
    const inBackbone = (path: string) => model.prefix + path;
    return {
      exclude_modules: null,
      fan_in_fan_out: fanInFanOut(paths, model),
      feedforward_modules: (each ? paths.filter((path) => matches(path, feedforward)).map(inBackbone) : feedforward).toSorted(),
      init_ia3_weights: true,
      target_modules: (each ? paths.map(inBackbone) : targets).toSorted(),
    };
  },
  fromPeft(given, base) {
    const modules_to_save = modulesToSave(given, base);
    const targets = targetModules(given, base, base.model.defaults.ia3.target_modules, modules_to_save);
    const named: unknown = given.feedforward_modules ?? base.model.defaults.ia3.feedforward_modules;
    const lists = [named, given.target_modules];
    const stray = lists.every(Array.isArray) && (named as unknown[]).some((name) => !(given.target_modules as unknown[]).includes(name));
    if (stray && given.feedforward_modules) refusePeft(given, 'feedforward_modules', 'a part of target_modules');
    const feedforward_modules = amongTargets(given, 'feedforward_modules', named, targets, base);
    // Where the one are full paths the other must be too: Retrace, as PEFT, takes those only that are among the targets, word for word.
    const wordForWord = feedforward_modules.every((name) => targets.includes(name));
    const target_modules = wordForWord ? targets : base.model.names().dense.filter((path) => matches(path, targets));
    return { target_modules, feedforward_modules, modules_to_save };
  },
  onHead(given, model, path, [out, into]) {
    const named = given.feedforward_modules ?? model.defaults.ia3.feedforward_modules;
    const entering = reading(given, 'feedforward_modules', () => ending(given, 'feedforward_modules', named)(path));
    return {
      specs: [{ name: `${path}.ia3_l`, shape: entering ? [1, into] : [out, 1] }],
      put(name, part, adapter) {
        const l = adapter.get(`${path}.ia3_l`)?.data ?? [];
        // What enters is scaled by columns, what leaves by rows, its bias too.
        if (name === `${path}.bias`) return entering ? part : part.map((b, row) => b * (l[row] as number));
        return part.map((w, at) => w * (l[entering ? at % into : Math.floor(at / into)] as number));
      },
    };
  },
  place({ name, shape: [size = 0, ...rest] }, _, { hyper_parameters }, inBackbone) {
    if (!name.endsWith(suffix)) return { name: inBackbone(name), shape: [size, ...rest] };
    const feedforward = matches(name.slice(0, -suffix.length), listed(hyper_parameters.feedforward_modules));
    return { name: inBackbone(name), shape: feedforward ? [1, size] : [size, 1] };
  },
};
