// The commands that put an exported zip on the hub. Text alone. Invariant: whatever a name holds, a shell reads it as one word.

/** One word for a POSIX shell. */
function word(text: string): string {
  const plain = text.startsWith('-') ? `./${text}` : text;
  return /^[\w./@:+-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}

/** A name that the hub takes, near to that of the export. */
export function repoNameOf(fileName: string): string {
  const name = fileName
    .replace(/\.zip$/, '')
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/\.{2,}/g, '.')
    .slice(0, 96)
    .replace(/^[-.]+|[-.]+$/g, '');
  return name === '' ? 'adapter' : name;
}

export interface PushCommand {
  readonly title: string;
  readonly line: string;
}

/** For those with Python's command line of the hub, and for those with Retrace's. */
export function pushCommands(fileName: string, repo: string): readonly PushCommand[] {
  const folder = fileName.replace(/\.zip$/, '');
  return [
    {
      title: 'Python (pip install huggingface_hub)',
      line: `unzip -d ${word(folder)} ${word(fileName)} && hf upload ${word(repo)} ${word(folder)} .`,
    },
    { title: 'In a checkout of Retrace', line: `node bin/retrace.mjs hub push ${word(fileName)} ${word(repo)}` },
  ];
}
