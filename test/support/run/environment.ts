// The environment in which tests run. Jest gives each test file its own globals. So a Float32Array
// from a native module or a worker would not be an instance of the test file's Float32Array. The
// same is true of Node's errors. In production there is a single set of globals, and this
// environment makes tests behave in the same way.

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
 * Makes `thrown instanceof Error` true for Node's errors too. Subclasses of Error still recognise
 * only their own instances.
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

// Jest reads the environment from `module.exports`.
export = VitrineEnvironment;
