// Types of licenses.mjs, for vite.config.ts.
export function licenseTexts(): string;
