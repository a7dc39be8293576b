// What column names mean: those of GLUE, SuperGLUE, the hub's common data sets, review and survey exports. Names alone, no cells.
// Invariant: names are compared without case, separators and marks, so that "#1 String", "1_string" and "1String" are one name.

/** `Gold-Label` and `gold_label` are `goldlabel`. */
export const plainName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** `airlineSentiment_gold2`: airline, sentiment, gold, 2. */
export const nameWords = (name: string): string[] =>
  name
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .match(/\p{L}+|\p{N}+/gu) ?? [];

/** Two texts that are compared or belong together; the pairs that say so most plainly come first. */
export const pairNames: readonly (readonly [string, string])[] = [
  ['sentence1', 'sentence2'],
  ['sentencea', 'sentenceb'],
  ['premise', 'hypothesis'],
  ['1string', '2string'],
  ['string1', 'string2'],
  ['question1', 'question2'],
  ['text1', 'text2'],
  ['texta', 'textb'],
  ['text', 'textpair'],
  ['text', 'hypothesis'],
  ['question', 'sentence'],
  ['question', 'passage'],
  ['question', 'context'],
  ['question', 'paragraph'],
  ['question', 'answer'],
  ['query', 'passage'],
  ['query', 'document'],
  ['query', 'doc'],
  ['query', 'text'],
  ['query', 'answer'],
  ['context', 'response'],
  ['claim', 'evidence'],
  ['headline', 'articlebody'],
];

/** Ends of two names that are otherwise the same: `title_left` and `title_right`. */
export const pairEnds: readonly (readonly [string, string])[] = [
  ['1', '2'],
  ['a', 'b'],
  ['left', 'right'],
  ['first', 'second'],
  ['one', 'two'],
];

/** The name of a text, the plainest first. */
export const textNames: readonly string[] = [
  ...['text', 'sentence', 'sentence1', 'utterance', 'content', 'review', 'reviewtext', 'reviewbody', 'reviewcontent', 'document'],
  ...['comment', 'commenttext', 'commentbody', 'message', 'messagetext', 'tweet', 'tweettext', 'post', 'posttext', 'body', 'bodytext'],
  ...['selftext', 'email', 'mail', 'sms', 'article', 'articlebody', 'passage', 'paragraph', 'abstract', 'narrative', 'transcript'],
  ...['question', 'query', 'statement', 'claim', 'phrase', 'string', 'premise', 'prompt', 'input', 'description', 'summary', 'headline'],
  ...['title', 'subject', 'context', 'answer', 'response', 'doc', 'sentences', 'texts', 'feedback', 'quote', 'snippet'],
];

/** The name of a label, the plainest first: the first of these that is there is taken. */
export const labelNames: readonly string[] = [
  ...['goldlabel', 'label', 'labels', 'stance', 'entailmentjudgment', 'entailmentjudgement', 'entailment', 'isduplicate', 'isparaphrase'],
  ...[
    'paraphrase',
    'duplicate',
    'quality',
    'acceptability',
    'class',
    'classes',
    'classindex',
    'classlabel',
    'target',
    'labelid',
    'labeltext',
  ],
  ...['labelname', 'y'],
];

/** Several of these often stand side by side (an intent and its domain): the one with the fewest values is taken. */
export const kindNames: readonly string[] = [
  ...[
    'intent',
    'domain',
    'category',
    'topic',
    'sentiment',
    'emotion',
    'polarity',
    'spam',
    'isspam',
    'toxic',
    'toxicity',
    'hate',
    'hatespeech',
  ],
  ...['offensive', 'irony', 'sarcasm', 'issarcastic', 'verdict', 'relation', 'attitude', 'mood'],
];

/** Numbers that people give. */
export const scoreNames: readonly string[] = [
  ...['stars', 'starrating', 'rating', 'reviewrating', 'overall', 'score', 'similarity', 'similarityscore', 'relatednessscore', 'grade'],
];

/** They may be the label where nothing better is there. */
export const sideNames: readonly string[] = ['language', 'lang', 'genre', 'tag', 'type', 'department', 'product', 'priority', 'status'];

/** A column that holds a list of answers to choose among. */
export const choicesNames: readonly string[] = [
  ...['choices', 'choicestext', 'questionchoices', 'options', 'optionstext', 'endings', 'answerchoices', 'candidates', 'answers'],
];

/** What columns that hold one answer each are called, but for their counter. Wrong ones stand beside the column of the right one. */
export const choiceStems: readonly string[] = [
  'ending',
  'sol',
  'choice',
  'option',
  'answer',
  'distractor',
  'incorrectanswer',
  'candidate',
  '',
];

/** Which of the answers is right. */
export const answerNames: readonly string[] = [
  ...[
    'answerkey',
    'label',
    'answer',
    'goldlabel',
    'gold',
    'correctanswer',
    'correct',
    'answeridx',
    'answerindex',
    'correctoption',
    'target',
  ],
];

/** What is asked, the plainest first. */
export const questionNames: readonly string[] = [
  ...['question', 'questionstem', 'stem', 'goal', 'ctx', 'sent2', 'query', 'problem', 'premise', 'startphrase', 'prompt', 'sentence'],
];

/** What a question is asked of. */
export const passageNames: readonly string[] = [
  'support',
  'passage',
  'article',
  'context',
  'sent1',
  'premise',
  'paragraph',
  'story',
  'document',
];

/** A text that is read and the text to be written for it; the pairs that say so most plainly come first. */
export const targetPairNames: readonly (readonly [string, string])[] = [
  ['source', 'target'],
  ['src', 'tgt'],
  ['article', 'highlights'],
  ['article', 'summary'],
  ['document', 'summary'],
  ['dialogue', 'summary'],
  ['text', 'summary'],
  ['text', 'headline'],
  ['input', 'output'],
  ['instruction', 'output'],
  ['instruction', 'response'],
  ['prompt', 'completion'],
  ['prompt', 'response'],
  ['question', 'answer'],
  ['context', 'response'],
  ['text', 'target'],
  ['source', 'reference'],
];

const labelWords = new Set([
  ...['label', 'labels', 'class', 'category', 'sentiment', 'emotion', 'intent', 'topic', 'polarity', 'target', 'stance'],
  ...['judgment', 'judgement', 'rating', 'stars', 'score', 'type', 'tag'],
]);
const textWords = new Set([
  ...['text', 'sentence', 'utterance', 'review', 'comment', 'message', 'tweet', 'body', 'content', 'narrative', 'question', 'description'],
  ...['abstract', 'article', 'premise', 'passage', 'string', 'phrase', 'post', 'title'],
]);
/** A name with one of these is about a text or a label, and is neither. */
const aboutWords = new Set([
  ...[
    'id',
    'ids',
    'idx',
    'index',
    'uid',
    'guid',
    'uuid',
    'key',
    'hash',
    'len',
    'length',
    'count',
    'counts',
    'num',
    'number',
    'date',
    'time',
  ],
  ...['url', 'link', 'parse', 'lang', 'language', 'confidence', 'source', 'file', 'path', 'votes', 'helpful', 'user', 'author', 'name'],
]);

/** `review_body`, `cleanText`. */
export function hasTextWord(name: string): boolean {
  const words = nameWords(name);
  return words.some((word) => textWords.has(word)) && !words.some((word) => aboutWords.has(word) || labelWords.has(word));
}

/** `airline_sentiment`, `is_toxic`. */
export function hasLabelWord(name: string): boolean {
  const words = nameWords(name);
  return (labelWords.has(words.at(-1) ?? '') || ['is', 'has'].includes(words[0] ?? '')) && !words.some((word) => aboutWords.has(word));
}

const rowIds = new Set([
  'idx',
  'id',
  'ids',
  'index',
  'guid',
  'uuid',
  'uid',
  'pairid',
  'promptid',
  'qid',
  'qid1',
  'qid2',
  '0',
  'unnamed0',
  'rowid',
]);

/** A number or key of the row: never a text or a label. */
export function isRowId(name: string): boolean {
  if (rowIds.has(plainName(name))) return true;
  const words = nameWords(name);
  // "#1 ID", "text_id2": a counter may follow.
  const last = /^\p{N}+$/u.test(words.at(-1) ?? '') && words.length > 1 ? words.at(-2) : words.at(-1);
  return words.length > 1 && ['id', 'ids', 'idx', 'index', 'guid', 'uuid', 'uid'].includes(last ?? '') && plainName(name) !== 'classindex';
}

const asides = new Set([
  ...[
    'filename',
    'file',
    'path',
    'year',
    'month',
    'date',
    'time',
    'timestamp',
    'created',
    'createdat',
    'source',
    'source1',
    'source2',
    'url',
  ],
  ...[
    'link',
    'split',
    'fold',
    'set',
    'user',
    'username',
    'author',
    'name',
    'confidence',
    'votes',
    'likes',
    'retweets',
    'helpful',
    'length',
  ],
  ...['originaljudgement', 'originaljudgment', 'location', 'country', 'flag', 'asin', 'parse'],
]);

/** Beside the point in most tables: a source, a date, an annotator's own label, a parse. A label only where nothing else is left. */
export function isAside(name: string): boolean {
  if (asides.has(plainName(name))) return true;
  const words = nameWords(name);
  if (/^(?:label|annotator|annotation|worker|rater|judge|coder)\d+$/.test(plainName(name))) return true;
  return ['annotator', 'worker', 'rater'].includes(words[0] ?? '') || (words.length > 1 && aboutWords.has(words.at(-1) ?? ''));
}

const known = new Set([...pairNames.flat(), ...textNames, ...labelNames, ...kindNames, ...scoreNames, ...sideNames, ...rowIds, ...asides]);

/** Whether a cell of a first row reads like a column's name. */
export const isKnownName = (cell: string): boolean => known.has(plainName(cell)) && plainName(cell) !== '0';
