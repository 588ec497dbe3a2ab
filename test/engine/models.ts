// Small models and inputs for tests of the engine.
import type { Batch, Values } from '../../src/engine/batch';
import { inMemory, type ModelSource } from '../../src/engine/model-runner';
import { encodeOnnx } from '../../src/graph/onnx';
import { matmul } from '../../src/graph/products';
import { mean } from '../../src/graph/rows';
import { add, mul } from '../../src/graph/elementwise';
import { constant, input } from '../../src/graph/tensor';

/** A row of numbers, of shape [1, values.length]. */
export const row = (...values: number[]): Values => ({ data: Float32Array.from(values), shape: [1, values.length] });

/** y = factor · x and sum = x + x, both [n, m]. */
export function scaling(factor: number): ModelSource {
  const x = input('x', ['n', 'm']);
  const outputs = { y: mul(x, constant(factor)), sum: add(x, x) };
  return inMemory(encodeOnnx({ name: 'scaling', outputs, embeddings: 'inline' }).bytes);
}

/** The mean of (a · a) · a for a square matrix. The larger the matrix, the longer it takes. */
export function slow(): ModelSource {
  const a = input('a', ['n', 'n']);
  const outputs = { mean: mean(matmul(matmul(a, a), a)) };
  return inMemory(encodeOnnx({ name: 'slow', outputs, embeddings: 'inline' }).bytes);
}

export const matrix = (side: number): Batch => ({
  a: { data: new Float32Array(side * side).fill(1 / side), shape: [side, side] },
});

/**
 * An input for which `slow` takes about a tenth of a second. A test in model-runner.test.ts checks
 * this time.
 */
export const LONG = matrix(1_500);
