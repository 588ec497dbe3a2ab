// The state of the embedded server of a home, seen from outside.

import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { lifeOf, readMark } from '../../src/data/files/process-mark';
import { findPostmaster } from '../../src/data/postgres/postgres-cluster';
import { clusterFolders } from '../../src/data/postgres/postgres-user';

/**
 * Returns whether the server has a cluster, whether it is running, and how many live processes use
 * it. Starts nothing.
 */
export function lookAtEmbeddedPostgres(home: string): {
  initialised: boolean;
  port: number | undefined;
  holders: number;
} {
  const root = realPath(join(home, 'postgres'));
  const clusters = clusterFolders(realPath(join(root, 'server')));
  const marks = existsSync(join(root, 'holders')) ? readdirSync(join(root, 'holders')) : [];
  return {
    initialised: clusters.some((folder) => existsSync(join(folder, 'data', 'PG_VERSION'))),
    port: findPostmaster(clusters)?.port,
    holders: marks.filter((name) => {
      const mark = readMark(join(root, 'holders', name));
      return mark !== undefined && lifeOf(mark) === 'alive';
    }).length,
  };
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
