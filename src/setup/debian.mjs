// Installs Debian's packages as root, or by sudo if it asks for no password. Plain JavaScript
// without dependencies.

import { existsSync } from 'node:fs';
import { run } from './shell.mjs';

/**
 * @returns {Promise<string | undefined>} the reason why the packages are not installed; undefined
 *   if they are installed
 */
export async function installDebianPackages(packages) {
  if (!existsSync('/usr/bin/apt-get')) return `needs ${packages.join(', ')}`;
  const root = process.getuid?.() === 0;
  const sudo = root ? [] : ['sudo', '-n'];
  if (!root && !(await run('sudo', ['-n', 'true'])).ok) return `${packages.join(', ')} are not installed`;
  const apt = async (...args) => {
    const [program, ...rest] = [...sudo, 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', ...args];
    return run(program, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 300_000 });
  };
  // The lists of packages may be too old, or missing as in containers.
  await apt('update');
  const { ok, output } = await apt('install', '-y', '--no-install-recommends', ...packages);
  if (ok) return undefined;
  return `apt-get could not install ${packages.join(', ')}: ${/^E: .*/m.exec(output)?.[0] ?? 'no reason given'}`;
}
