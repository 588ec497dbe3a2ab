// The folder for test files that are kept after a run.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../src/config';
import { sha256 } from '../../../src/bytes';

/**
 * VITRINE_HOME of tests, absolute. The embedded server's files stay there, so that the next run
 * starts fast. Each clone of the repository has its own folder, because another clone may contain
 * another version.
 */
export const TEST_HOME = join(tmpdir(), `vitrine-test-${process.getuid?.() ?? 0}-${sha256(PROJECT_ROOT, 8)}`);
