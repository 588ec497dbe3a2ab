// Where tests keep what outlives them.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../src/config';
import { sha256 } from '../../../src/bytes';

/**
 * VITRINE_HOME of tests. The embedded server's files stay there, so that it starts in a moment.
 * Each clone has its own: another one may be of another version. Absolute.
 */
export const TEST_HOME = join(tmpdir(), `vitrine-test-${process.getuid?.() ?? 0}-${sha256(PROJECT_ROOT, 8)}`);
