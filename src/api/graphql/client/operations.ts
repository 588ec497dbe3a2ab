// schema/operations.graphql: the named operations that Sandbox opens with, tests run and the typed
// client is made from.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../config';

/** Absolute: the folder of the emitted schema, the operations and the typed client. */
export const SCHEMA_FOLDER = join(PROJECT_ROOT, 'schema');

export function readOperations(): string {
  return readFileSync(join(SCHEMA_FOLDER, 'operations.graphql'), 'utf8');
}
