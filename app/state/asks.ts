// The questions that the page asks the worker as the settings change: what the model is, what the data look like, what memory a run takes. Newest
// question first; each is asked only when something it depends on has changed. Of what lies on the hub nothing is asked before its user wants it.

import type { StoreApi } from 'zustand/vanilla';
import type { TrainerClient } from '../../src/client/trainer_client.ts';
import type { Catalogue } from '../../src/protocol/cards.ts';
import { defaultTraining, type ModelRef } from '../../src/protocol/config.ts';
import { reportOf } from '../../src/protocol/errors.ts';
import type { AskedText, CallName, Calls, ModelDescription, PlanReport, PlanRequest } from '../../src/protocol/messages.ts';
import type { Answer } from './answer.ts';
import type { AppState } from './app_state.ts';
import { missingParts } from './columns.ts';
import { fittedTo, withPreviewed } from './fitting.ts';
import { isSilent } from './hub/hub_state.ts';
import { latest } from './latest.ts';
import { cardOf, evaluationOf, firstRun, lengthOf, planRequestsOf, type Settings, taskOf, taskRequest } from './settings.ts';

/** Plans follow typing and sliders, so the wait stays below the tenth of a second that people notice. */
const PLAN_DELAY_MS = 60;
const DATA_DELAY_MS = 250;
const PREDICT_DELAY_MS = 300;

type AnswerKey = 'catalogue' | 'environment' | 'model' | 'preview' | 'report' | 'plans' | 'prediction';

export function asksOf(client: TrainerClient, store: StoreApi<AppState>) {
  const { getState, setState } = store;
  const put = <K extends AnswerKey>(key: K, answer: AppState[K]) => setState({ [key]: answer } as Pick<AppState, K>);
  const refuse = (key: AnswerKey) => (thrown: unknown) => put(key, { pending: false, error: reportOf(thrown) });
  const await_ = (key: AnswerKey) => put(key, { ...(getState()[key] as Answer<never>), pending: true, error: undefined });

  const mayAsk = (what: 'model' | 'data'): boolean => !isSilent(getState().settings[what], getState().hub);

  /** Asks one call at a time and puts the newest answer under `key`. */
  const asking = <K extends CallName>(
    key: AnswerKey,
    call: K,
    delayMs: number,
    then: (answer: Calls[K]['answer']) => void = () => undefined,
    refused: (thrown: unknown) => void = refuse(key),
  ) =>
    latest(
      delayMs,
      (argument: Calls[K]['argument']) => client.call(call, ...([argument] as never)),
      (value) => {
        put(key, { pending: false, value } as never);
        then(value);
      },
      refused,
    );

  // Plans are cached, so that switching between two methods does not make the same plan again.
  const made = new Map<string, Promise<PlanReport>>();
  const planned = (request: PlanRequest): Promise<PlanReport> => {
    const key = JSON.stringify({ ...request, model: request.model.name });
    const known = made.get(key);
    if (known !== undefined) return known;
    if (made.size > 200) made.clear();
    const answer = client.call('plan', request);
    made.set(key, answer);
    answer.catch(() => made.delete(key));
    return answer;
  };

  const askPlans = latest(
    PLAN_DELAY_MS,
    (requests: readonly PlanRequest[]) => Promise.all(requests.map(planned)),
    (value) => put('plans', { pending: false, value }),
    refuse('plans'),
  );
  const plans = () => {
    const { settings, catalogue, report } = getState();
    if (catalogue.value === undefined) return;
    if (!mayAsk('model')) {
      askPlans.drop();
      return put('plans', { pending: false });
    }
    await_('plans');
    askPlans(planRequestsOf(settings, catalogue.value, report.value));
  };

  /** What decides how texts are cut and examples are drawn. */
  const lengthText = (settings: Settings): string => {
    const length = lengthOf(settings, cardOf(getState().catalogue.value, settings.method));
    return `${length} ${settings.training.seed} ${settings.training.packing}`;
  };
  const examine = asking('report', 'examineData', DATA_DELAY_MS, plans);
  let reportWaits = false;
  const modelUnknown = () => getState().model.pending && getState().model.value === undefined;
  const report = () => {
    const { settings, catalogue } = getState();
    const { model, image_size, data, columns, training } = settings;
    const max_length = lengthOf(settings, cardOf(catalogue.value, settings.method));
    const { seed, packing } = { ...defaultTraining, ...training };
    setState({ preparing: undefined });
    const task = taskOf(catalogue.value, settings);
    const missing = columns !== undefined && task !== undefined && missingParts(columns, task).length > 0;
    if (!mayAsk('model') || !mayAsk('data') || missing) {
      examine.drop();
      return put('report', { pending: false });
    }
    await_('report');
    // What the model reads decides which task and which data it is asked with.
    reportWaits = modelUnknown();
    if (reportWaits) return examine.drop();
    examine({
      model,
      ...(image_size === undefined ? {} : { image_size }),
      data,
      ...taskRequest(settings),
      ...evaluationOf(settings),
      ...(columns === undefined ? {} : { columns }),
      max_length,
      packing,
      seed,
    });
  };
  const askPreview = asking('preview', 'previewData', 0, (previewed) => {
    setState({ settings: withPreviewed(getState().settings, previewed) });
    report();
  });
  const preview = () => {
    if (!mayAsk('data')) {
      askPreview.drop();
      examine.drop();
      return setState({ preview: { pending: false }, report: { pending: false } });
    }
    // What is under way is of other data, or of another task.
    examine.drop();
    setState({ preview: { pending: true }, report: { pending: true } });
    const { settings } = getState();
    askPreview({ data: settings.data, ...taskRequest(settings) });
  };
  /** Methods and tasks are shown as they are for the model: with its defaults, and its reasons where one can't be used with it. */
  const ofModel = ({ methods, tasks }: Pick<Catalogue, 'methods' | 'tasks'>) => {
    const { catalogue } = getState();
    if (catalogue.value !== undefined) setState({ catalogue: { ...catalogue, value: { ...catalogue.value, methods, tasks } } });
  };
  /** The length depends on the model's positions; task and data on what it reads. */
  const fit = ({ max_position_embeddings: positions, inputs, image }: ModelDescription) => {
    const { settings, catalogue } = getState();
    const known = { ...settings, positions, tokens: image?.tokens };
    const next = catalogue.value === undefined ? known : fittedTo(inputs, known, catalogue.value);
    setState({ settings: next });
    const [isOther, isLonger] = [next.data !== settings.data || next.task !== settings.task, lengthText(next) !== lengthText(settings)];
    if (isOther) preview();
    else if (reportWaits || isLonger) report();
    if (isOther || isLonger) plans();
  };
  const describe = asking(
    'model',
    'describeModel',
    0,
    (description) => {
      ofModel(description);
      fit(description);
    },
    (thrown) => {
      // At another size of pictures the model is what it was.
      put('model', { ...getState().model, pending: false, error: reportOf(thrown) });
      if (reportWaits) report();
    },
  );
  let described: ModelRef | undefined;
  const model = () => {
    made.clear();
    if (!mayAsk('model')) {
      describe.drop();
      return setState({ model: { pending: false } });
    }
    const { model: chosen, image_size } = getState().settings;
    if (described === chosen) await_('model');
    else setState({ model: { pending: true } });
    described = chosen;
    describe({ model: chosen, ...(image_size === undefined ? {} : { image_size }) });
  };
  const savedRuns = async () => setState({ savedRuns: await client.call('savedRuns').catch(() => []) });

  const askPrediction = latest(
    PREDICT_DELAY_MS,
    async (asked: AskedText) => (await client.call('predict', { texts: [asked] }))[0],
    (value) => put('prediction', { pending: false, value }),
    refuse('prediction'),
  );

  const environment = asking('environment', 'environment', 0);
  const catalogue = asking('catalogue', 'catalogue', 0, (value) => {
    const { methods, tasks } = value;
    const described = getState().model.value;
    if (described !== undefined) {
      ofModel(described);
      fit(described);
    }
    const { task } = getState().settings;
    if (task !== undefined && !tasks.some(({ name }) => name === task)) setState({ settings: { ...getState().settings, task: undefined } });
    const { settings } = getState();
    // The settings may come from an earlier version whose method no longer exists.
    if (!methods.some(({ name }) => name === settings.method))
      setState({ settings: { ...settings, method: firstRun.method, options: {} } });
    plans();
  });

  const ask = (asked: AskedText | undefined) => {
    if (asked === undefined) {
      askPrediction.drop();
      return setState({ prediction: { pending: false } });
    }
    await_('prediction');
    askPrediction(asked);
  };

  return {
    ask,
    savedRuns,
    planned,
    /** Drops every question that is open: no answer to it will arrive. */
    drop() {
      for (const asked of [environment, catalogue, describe, askPreview, examine, askPlans, askPrediction]) asked.drop();
    },
    /** Asks again whatever has no answer. */
    again() {
      const { environment: device, catalogue: known, model: described, preview: previewed, report: examined, plans: made } = getState();
      if (device.value === undefined) environment(undefined);
      if (known.value === undefined) catalogue(undefined);
      if (described.value === undefined || described.pending) model();
      if (previewed.value === undefined) preview();
      else if (examined.value === undefined) report();
      else if (made.value === undefined) plans();
    },
    /** Asks again about model and data, after what is kept or may be asked of the hub has changed. */
    refresh() {
      model();
      if (getState().preview.value === undefined) preview();
      else report();
      plans();
    },
    /** The questions of a page that has just opened. */
    begin() {
      environment(undefined);
      catalogue(undefined);
      model();
      preview();
      void savedRuns();
    },
    settingsChanged(before: Settings) {
      const { settings } = getState();
      if (settings.model !== before.model || settings.image_size !== before.image_size) model();
      if (settings.data !== before.data || settings.task !== before.task) preview();
      else if (
        settings.columns !== before.columns ||
        settings.eval_data !== before.eval_data ||
        settings.model !== before.model ||
        settings.image_size !== before.image_size ||
        lengthText(settings) !== lengthText(before)
      )
        report();
      plans();
    },
    predict(text: string, textPair?: string) {
      if (text.trim() === '') return ask(undefined);
      ask(textPair === undefined || textPair === '' ? { text } : { text, text_pair: textPair });
    },
  };
}
