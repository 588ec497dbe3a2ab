// The operators that models are written with, each with its shape rule, its ONNX form and its
// gradient, by kind. Gradients are written in the same operators, so a gradient graph is a graph
// like any other. Knows nothing of how graphs run, nor of what they model.
export * from './elementwise';
export * from './shapes';
export { concat, pieces } from './pieces';
export * from './rows';
export * from './products';
