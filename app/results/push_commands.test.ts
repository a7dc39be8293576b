import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { pushCommands, repoNameOf } from './push_commands.ts';

test('names of exports become names that the hub takes', () => {
  const names = {
    'reviews.zip': 'reviews',
    'my reviews (2).zip': 'my-reviews-2',
    'größe.zip': 'gro-e',
    '--.zip': 'adapter',
    'a..b.zip': 'a.b',
  };
  for (const [file, name] of Object.entries(names)) expect(repoNameOf(file)).toBe(name);
});

test.each(['reviews.zip', "it's $(mine) `x`; rm.zip", '-rf.zip', 'a b.zip'])('a shell reads %s as one word in every command', (file) => {
  for (const { line } of pushCommands(file, 'you/x')) {
    const words = execFileSync('sh', [
      '-c',
      `unzip() { printf '%s\\n' "$@"; }; hf() { printf '%s\\n' "$@"; }; node() { printf '%s\\n' "$@"; }; ${line}`,
    ])
      .toString()
      .split('\n');
    expect(words).toContain(file.startsWith('-') ? `./${file}` : file);
    expect(words).toContain('you/x');
  }
});
