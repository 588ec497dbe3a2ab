// Random documents: compiled and interpreted answers must look the same to a client.

// GraphQL.js reads this variable when it is loaded. In other environments it checks every type
// three times.
process.env['NODE_ENV'] = 'production';

import {
  execute,
  getOperationAST,
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  parse,
  PossibleFragmentSpreadsRule,
  validate,
  VariablesInAllowedPositionRule,
  type ExecutionResult,
} from 'graphql';
import { compilingExecutor } from '../../../src/api/graphql/operation/executor';
import { createRandom } from '../../../src/random';
import { randomDocument, randomVariables } from './fuzz-documents';
import { fuzzSchema as schema, type FuzzContext } from './fuzz-schema';

const DOCUMENTS = 10_000;
/** Number of runs before the compared run. After these runs the query is compiled. */
const WARM = 3;

/** Validation rules that a random document may break. */
const RULES = [
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  PossibleFragmentSpreadsRule,
  VariablesInAllowedPositionRule,
];

test(`${DOCUMENTS} random documents: the compiled answer is the interpreted one`, async () => {
  Error.stackTraceLimit = 0;
  const random = createRandom('compiled queries');
  const run = compilingExecutor(schema);
  const context: FuzzContext = { compiledCalls: 0 };
  const differences: string[] = [];
  const seen = { documents: 0, answers: 0, compiled: 0, errors: 0, refused: 0 };
  while (seen.documents < DOCUMENTS) {
    const { text, operations } = randomDocument(random);
    const document = parse(text);
    if (validate(schema, document, RULES).length > 0) continue;
    seen.documents += 1;
    for (const { name, variables: names } of operations) {
      const operation = getOperationAST(document, name) ?? undefined;
      for (let request = 0; request < WARM + 1; request++) {
        const variables = randomVariables(names, random);
        context.compiledCalls = 0;
        const got = await run({ document, operation, operationName: name, variables, context });
        if (request < WARM - 1) continue;
        seen.compiled += context.compiledCalls > 0 ? 1 : 0;
        const expected = await execute({
          schema,
          document,
          operationName: name,
          variableValues: variables,
          contextValue: context,
        });
        seen.answers += 1;
        seen.errors += expected.data !== undefined && expected.errors ? 1 : 0;
        seen.refused += expected.data === undefined ? 1 : 0;
        const difference = differenceOf(got, expected);
        if (difference) differences.push(`${name} ${JSON.stringify(variables)} ${difference}\n${text}`);
      }
    }
  }
  expect(differences.slice(0, 3)).toEqual([]);
  // Enough of the compared answers must be compiled, have errors, or be refused.
  expect(seen.compiled).toBeGreaterThan(DOCUMENTS / 2);
  expect(seen.errors).toBeGreaterThan(DOCUMENTS / 10);
  expect(seen.refused).toBeGreaterThan(DOCUMENTS / 100);
});

/**
 * Describes a difference between the answers. Returns undefined if no client could tell them apart.
 */
function differenceOf(got: ExecutionResult, expected: ExecutionResult): string | undefined {
  // The data are compared as text, since the order of keys matters.
  const [gotData, expectedData] = [JSON.stringify(got.data), JSON.stringify(expected.data)];
  if (gotData !== expectedData) return `data:\n${gotData}\n${expectedData}`;
  const [gotErrors, expectedErrors] = [errorsOf(got), errorsOf(expected)];
  return gotErrors === expectedErrors ? undefined : `errors:\n${gotErrors}\n${expectedErrors}`;
}

/**
 * Returns the errors by the null that they left in the answer, sorted. If an error made a parent
 * null, several fields below the parent may have failed, and it is random which failure is
 * reported. In that case only the parent is compared.
 */
function errorsOf({ data, errors }: ExecutionResult): string {
  const told = (errors ?? []).map(({ message, path, locations }) => {
    if (!path) return JSON.stringify({ message, locations });
    const nulled = nulledBy(data, path);
    return nulled.length === path.length ? JSON.stringify({ message, path, locations }) : JSON.stringify({ nulled });
  });
  return [...new Set(told)].sort().join('\n');
}

function nulledBy(data: unknown, path: readonly (string | number)[]): readonly (string | number)[] {
  let value = data;
  for (const [i, key] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, i);
    value = (value as Record<string | number, unknown>)[key];
  }
  return path;
}
