// Options of a file of rows: how it is read. They belong to the file, so that training and evaluation data may differ (DataRef in ../config.ts). What a
// setting may be stands in ../reading.ts. Not here: how a file is looked at (src/data/table).

import { defaultMaxRows, readingSettings } from '../reading.ts';
import { option, optionLeftOut } from './option.ts';

const lookedAt = 'The file itself says it best; what was found is said.';

export const readingOptions = {
  header: optionLeftOut({
    schema: readingSettings.header.wrapped,
    leftOut: 'as the first row looks',
    label: 'First row',
    help: 'Whether the first row names the columns. Where it is data already, columns go by their numbers.',
    reason: lookedAt,
  }),
  separator: optionLeftOut({
    schema: readingSettings.separator.wrapped,
    leftOut: 'found out from the rows',
    label: 'Separator',
    help: 'What stands between two cells: tab, comma, semicolon, pipe, space, none, or any one character.',
    reason: lookedAt,
    form: 'CHARACTER',
  }),
  quote: optionLeftOut({
    schema: readingSettings.quote.wrapped,
    leftOut: 'found out from the rows',
    label: 'Quotes',
    help: 'What stands round cells that hold a separator or a line break: double, single, none, or any one character.',
    reason: lookedAt,
    form: 'CHARACTER',
  }),
  encoding: optionLeftOut({
    schema: readingSettings.encoding.wrapped,
    leftOut: 'UTF-8, or what its byte-order mark says',
    label: 'Encoding',
    help: 'How the characters of the text are written.',
    reason: lookedAt,
  }),
  max_rows: option({
    schema: readingSettings.max_rows.wrapped,
    default: defaultMaxRows,
    label: 'Rows',
    help: 'Rows taken of a file. Of one that has more, a sample is drawn by the seed.',
    reason: 'As many as a laptop holds once they are tokens.',
  }),
  broken_pictures: option({
    schema: readingSettings.broken_pictures.wrapped,
    default: 'refuse',
    label: 'Broken pictures',
    help: 'What is done where pictures can’t be decoded: refuse to begin and name them, or skip them and say so.',
    reason: 'A picture that can’t be read should be known before it is left out.',
    words: { refuse: 'Refuse', skip: 'Skip' },
  }),
};
