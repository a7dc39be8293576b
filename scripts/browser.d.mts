// Types of browser.mjs, for the tests and the command line.
export function findBrowser(): string | null;
export function ensureBrowser(say?: (line: string) => void): string;
export function browserFlags(adapter: 'software' | 'hardware'): string[];
export function softwareVulkanFolders(): string[];
