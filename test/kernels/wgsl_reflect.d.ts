// The package types its entry point, which only bundlers can import, but not the module that works everywhere.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
