// A blob as a file that the browser keeps.

export function download(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: address, download: name }).click();
  // The browser needs the address until it has begun to read.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export const downloadText = (name: string, type: string, text: string): void => download(name, new Blob([text], { type }));
