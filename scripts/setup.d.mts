// Types of setup.mjs, for the tests in the browser.
export const ROOT: string;
export function installPackages(say?: (line: string) => void): void;
export function isStale(output: string, sources: readonly string[]): boolean;
export function buildPage(say?: (line: string) => void): Promise<void>;
export function probeAdapter(): { name: string; software: boolean } | null;
