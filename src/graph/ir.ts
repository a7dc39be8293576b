// The names of the graph's files in one place, for code that has not moved to them yet.

export * from './graph.ts';
export * from './registry.ts';
export * from './tensor.ts';
