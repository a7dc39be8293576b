import { expect, test } from 'vitest';
import { parseTable } from '../table/testing.ts';
import { guessColumns } from './guess.ts';

/** A table of `count` rows; each column draws its cells from a list, in turn, or from a function of the row. */
type Cells = readonly string[] | ((row: number) => string);
function table(columns: Readonly<Record<string, Cells>>, { header = true, count = 24 } = {}) {
  const cell = (cells: Cells, row: number): string => (typeof cells === 'function' ? cells(row) : (cells[row % cells.length] ?? ''));
  const rows = Array.from({ length: count }, (_, row) => Object.values(columns).map((cells) => cell(cells, row)));
  return parseTable('a.tsv', [...(header ? [Object.keys(columns)] : []), ...rows].map((cells) => cells.join('\t')).join('\n'), { header });
}

const nouns = ['river', 'train', 'garden', 'letter', 'window', 'market', 'guitar'];
const text = (row: number): string => `the ${nouns[row % 7]} was near the ${nouns[(row * 3 + 1) % 7]} on day ${row} of the journey`;
const other = (row: number): string => `someone saw a ${nouns[(row * 5 + 2) % 7]} when it rained ${row} times`;
const parse = (row: number): string =>
  `( ( the ${nouns[row % 7]} ) ( was ( near ( the ${nouns[(row + 1) % 7]} ) ) ) ) and then some more of it`;
const number = (row: number): string => String(row);
const binary = ['0', '1', '1'];
const constant = ['none'];

test.each([
  [
    'MRPC',
    {
      Quality: binary,
      '#1 ID': (i: number) => String(700 + i),
      '#2 ID': (i: number) => String(900 + i),
      '#1 String': text,
      '#2 String': other,
    },
    ['#1 String', '#2 String', 'Quality'],
  ],
  [
    'STS-B',
    {
      ...{
        index: number,
        genre: ['main-captions', 'main-news'],
        filename: ['MSRvid'],
        year: ['2012test', '2014'],
        old_index: (i: number) => `00${i}`,
      },
      ...{ source1: constant, source2: constant, sentence1: text, sentence2: other, score: (i: number) => ((i * 7) / 5).toFixed(3) },
    },
    ['sentence1', 'sentence2', 'score'],
  ],
  ['SST-2', { sentence: text, label: binary }, ['sentence', undefined, 'label']],
  [
    'QQP',
    { id: number, qid1: number, qid2: number, question1: text, question2: other, is_duplicate: binary },
    ['question1', 'question2', 'is_duplicate'],
  ],
  [
    'MNLI',
    {
      ...{ index: number, promptID: number, pairID: (i: number) => `${i}e`, genre: ['fiction', 'travel'], sentence1_binary_parse: parse },
      ...{ sentence2_binary_parse: parse, sentence1_parse: parse, sentence2_parse: parse, sentence1: text, sentence2: other },
      ...{ label1: ['neutral', 'entailment'], gold_label: ['neutral', 'entailment', 'contradiction'] },
    },
    ['sentence1', 'sentence2', 'gold_label'],
  ],
  ['QNLI', { index: number, question: other, sentence: text, label: ['entailment', 'not_entailment'] }, ['question', 'sentence', 'label']],
  [
    'RTE',
    { index: number, sentence1: text, sentence2: other, label: ['entailment', 'not_entailment'] },
    ['sentence1', 'sentence2', 'label'],
  ],
  ['BoolQ', { question: other, passage: text, answer: ['True', 'False'] }, ['question', 'passage', 'answer']],
  ['SNLI from the hub', { premise: text, hypothesis: other, label: ['0', '1', '2'] }, ['premise', 'hypothesis', 'label']],
  [
    'SICK',
    {
      pair_ID: number,
      sentence_A: text,
      sentence_B: other,
      relatedness_score: ['4.5', '3.2'],
      entailment_judgment: ['NEUTRAL', 'ENTAILMENT'],
    },
    ['sentence_A', 'sentence_B', 'entailment_judgment'],
  ],
  ['IMDB', { review: text, sentiment: ['positive', 'negative'] }, ['review', undefined, 'sentiment']],
  ['Yelp', { stars: ['1', '5', '3'], text }, ['text', undefined, 'stars']],
  ['Banking77', { text, category: ['card_arrival', 'top_up', 'atm'] }, ['text', undefined, 'category']],
  ['CLINC150: fewer classes first', { text, intent: ['a', 'b', 'c'], domain: ['p', 'q'] }, ['text', undefined, 'domain']],
  [
    'AG News with a header',
    { 'Class Index': ['3', '1', '2'], Title: (i: number) => `${nouns[i % 7]} news ${i}`, Description: text },
    ['Description', undefined, 'Class Index'],
  ],
  [
    'Amazon reviews',
    {
      asin: (i: number) => `B00${i}`,
      helpful: ['[0, 0]'],
      reviewText: text,
      overall: ['5.0', '4.0'],
      summary: other,
      reviewTime: (i: number) => `09 ${i}, 2014`,
    },
    ['reviewText', undefined, 'overall'],
  ],
  [
    'airline tweets',
    {
      tweet_id: number,
      airline_sentiment: ['neutral', 'positive'],
      airline_sentiment_confidence: ['1.0', '0.35'],
      name: ['a', 'b'],
      text,
      tweet_created: other,
    },
    ['text', undefined, 'airline_sentiment'],
  ],
  ['SetFit: the label beside its words', { text, label: binary, label_text: ['neg', 'pos', 'pos'] }, ['text', undefined, 'label']],
  [
    'capitals, spaces and dashes',
    { ID: number, 'Gold Label': binary, 'Sentence-1': text, 'SENTENCE 2': other },
    ['Sentence-1', 'SENTENCE 2', 'Gold Label'],
  ],
  [
    'a pair by the ends of its names',
    { titel_links_1: text, titel_links_2: other, urteil: binary },
    ['titel_links_1', 'titel_links_2', 'urteil'],
  ],
  [
    'names that the cells belie',
    { title: number, question1: ['1', '5'], question2: ['2', '4'], comment: text, label: binary },
    ['comment', undefined, 'label'],
  ],
  ['unknown names', { nr: number, was: text, wie: ['gut', 'schlecht'] }, ['was', undefined, 'wie']],
  [
    'texts without spaces',
    { id: number, 内容: (i: number) => `今天天气很好我们去公园散步${i}`, 标签: ['好', '坏'] },
    ['内容', undefined, '标签'],
  ],
  ['an author where nothing else is left', { text, author: ['poe', 'kafka'] }, ['text', undefined, 'author']],
  ['a text alone', { text }, ['text', undefined, undefined]],
] as const)('%s: names people use are known', (_, columns, [first, pair, label]) => {
  const guess = guessColumns(table(columns));
  expect([guess.columns.text, guess.columns.text_pair, guess.columns.label]).toEqual([first, pair, label]);
});

test.each([
  ['CoLA', [['gj04', 'bc01', 'l-93'], ['1', '0', '1'], ['', '', '*'], text], ['3', undefined, '1']],
  ['AG News', [['3', '4', '1'], (i: number) => `${nouns[i % 7]} falls`, text], ['2', undefined, '0']],
  [
    'tweets with their ids',
    [['0', '4'], (i: number) => String(1467810369 + i), ['NO_QUERY'], (i: number) => `user${i}`, text],
    ['4', undefined, '0'],
  ],
  [
    'a pair whose rows share words',
    [number, text, (i: number) => `there was a ${nouns[i % 7]} by the ${nouns[(i * 3 + 1) % 7]} on ${i}`, binary],
    ['1', '2', '3'],
  ],
  ['two texts that share none', [text, (i: number) => other(i + 3), binary], ['0', undefined, '2']],
] as const)('%s: without a header the cells decide', (_, cells, [first, pair, label]) => {
  const columns = Object.fromEntries(cells.map((of, i) => [`c${i}`, of]));
  const guess = guessColumns(table(columns, { header: false }));
  expect([guess.columns.text, guess.columns.text_pair, guess.columns.label]).toEqual([first, pair, label]);
});

test('a file that is sorted by its label shows all of its values', () => {
  const sorted = table({ was: text, wie: (i) => (i < 3000 ? 'neg' : 'pos'), wo: constant }, { count: 6000 });
  expect(guessColumns(sorted).columns).toEqual({ text: 'was', label: 'wie' });
});

test('a label by name is one although the beginning of a large file has one value of it', () => {
  const beginning = table({ text, label: constant, type: ['a', 'b'] });
  expect(guessColumns(beginning).columns.label).toBe('type');
  expect(guessColumns({ ...beginning, sampledFrom: 100_000 }).columns.label).toBe('label');
});

test('every guess has its reason, in words and counts', () => {
  const { reasons } = guessColumns(
    table({ index: number, genre: ['a', 'b'], sentence1: text, sentence2: other, score: (i) => String(i / 4) }),
  );
  expect(reasons).toEqual({
    text: "pairs of texts are often called 'sentence1' and 'sentence2'",
    text_pair: "it goes with 'sentence1'",
    label: "labels are often called 'score'; it has 24 different values in 24 rows, numbers from 0 to 5.75",
  });
  expect(guessColumns(table({ was: text, wie: ['gut', 'schlecht'] })).reasons).toEqual({
    text: 'its texts are the longest: 12 words on average',
    label: 'it has the fewest values of the columns that are left; its 2 values are "gut" and "schlecht"',
  });
  expect(guessColumns(table({ text, body: other, label: binary })).reasons.text).toBe(
    "texts are often called 'text'; 'body' could be a text too",
  );
});

test('columns of lists and objects are passed over', () => {
  const rows = table({ text: ['[1,2]'], tokens: text, tag: ['a', 'b', 'c'], label: binary });
  const kind = (kind: 'text' | 'list' | 'object') => ({ name: '', kind, is: kind });
  const kinds = [kind('list'), kind('text'), kind('text'), kind('object')];
  expect(guessColumns({ ...rows, kinds }).columns).toEqual({ text: 'tokens', label: 'tag' });
});

test('a column whose classes have names is the label, whatever it is called', () => {
  const rows = table({ label: (i) => String(i), text, topic: ['sports', 'arts'], genre: ['x', 'y', 'z'] });
  const kinds = (classes: Readonly<Record<string, readonly string[]>>) =>
    rows.columns.map((name) => ({ name, kind: 'text' as const, is: 'text', classes: classes[name] }));
  const guess = (classes: Readonly<Record<string, readonly string[]>>) => guessColumns({ ...rows, kinds: kinds(classes) });
  expect(guess({ genre: ['x', 'y', 'z'] })).toMatchObject({
    columns: { text: 'text', label: 'genre' },
    reasons: { label: expect.stringMatching(/^its 3 classes have names; its 3 values are/) },
  });
  expect(guess({ genre: ['x', 'y', 'z'], topic: ['sports', 'arts'] })).toMatchObject({
    columns: { label: 'topic' },
    reasons: { label: expect.stringMatching(/^its 2 classes have names \(as have those of 'genre'\)/) },
  });
  expect(guess({ label: ['a', 'b', 'c'], topic: ['sports', 'arts'] }).columns.label).toBe('label');
});

test('columns that are named stay, and the others are guessed around them', () => {
  const pairs = table({ question: other, sentence: text, label: binary, topic: ['a', 'b', 'c'] });
  expect(guessColumns(pairs, { label: 'topic' })).toMatchObject({ columns: { text: 'question', text_pair: 'sentence', label: 'topic' } });
  expect(guessColumns(pairs, { label: 'sentence' }).columns).toEqual({ text: 'question', label: 'sentence' });
  expect(guessColumns(pairs, { text: 'sentence' }).columns).toEqual({ text: 'sentence', label: 'label' });
  expect(guessColumns(pairs, { text_pair: null }).columns).toEqual({ text: 'sentence', label: 'label' });
  expect(guessColumns(pairs, { text: 'sentence', text_pair: 'question', label: 'label' }).reasons).toEqual({});
  expect(() => guessColumns(pairs, { label: 'stars' })).toThrow(expect.objectContaining({ code: 'missing-column' }));
});

test.each([
  ['the bundled data: fewer classes first', 'text,intent,domain\na b c,x,p\nd e f,y,p\ng h,z,q', { text: 'text', label: 'domain' }],
  ['a label by name beside other kinds', 'label,text,topic\n1,a,p\n2,b,p\n3,c,q', { text: 'text', label: 'label' }],
  ['GLUE pairs', 'index,sentence1,sentence2,label\n0,a,b,1\n1,c,d,0', { text: 'sentence1', text_pair: 'sentence2', label: 'label' }],
  ['QNLI', 'idx,Question,Sentence,label\n0,a,b,1\n1,c,d,0', { text: 'Question', text_pair: 'Sentence', label: 'label' }],
  [
    'unknown names, by content',
    'n,stuff,kind of\n1,a long text here,p\n2,another text,q\n3,more text,q',
    { text: 'stuff', label: 'kind of' },
  ],
  ['a text alone', 'text\na\nb', { text: 'text' }],
])('in a few rows too, columns are guessed for %s', (_, csv, columns) => {
  expect(guessColumns(parseTable('a.csv', csv)).columns).toEqual(columns);
});

test('in a few rows too, columns without names are guessed by content', () => {
  const rows = parseTable('a.tsv', 'x\t1\tthis is fine\ny\t0\tthis is bad\nz\t1\tso so', { header: false });
  expect(guessColumns(rows).columns).toEqual({ text: '2', label: '1' });
});
