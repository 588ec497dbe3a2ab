// Where tests run. Jest gives each test file globals of its own, so a Float32Array that a native
// module or a worker made is not an `instanceof` the file's Float32Array, nor an error of Node's an
// `instanceof` its Error. Production has one set of globals; this brings tests back to that.

import { types } from 'node:util';
import { TestEnvironment } from 'jest-environment-node';

const SHARED = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'structuredClone',
] as const;

class VitrineEnvironment extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args);
    for (const name of SHARED) {
      Object.defineProperty(this.global, name, { value: globalThis[name], configurable: true, writable: true });
    }
    recogniseErrorsOfNode(this.global.Error);
  }
}

/**
 * `thrown instanceof Error` also for errors made outside; subclasses of Error keep telling their
 * own apart.
 */
function recogniseErrorsOfNode(InnerError: ErrorConstructor): void {
  const ordinary = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(InnerError, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, value: unknown): boolean {
      if (this === InnerError && types.isNativeError(value)) return true;
      return ordinary.call(this as ErrorConstructor, value);
    },
  });
}

// Jest takes the environment from `module.exports` itself.
export = VitrineEnvironment;
