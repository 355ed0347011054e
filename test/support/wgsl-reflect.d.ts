// The package ships its types only for its CommonJS-flavoured entry, which does not load as a module.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export { WgslReflect } from 'wgsl_reflect';
}
