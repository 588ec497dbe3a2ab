// Chooses the user and the folder that the embedded Postgres runs with. Postgres refuses to run as
// root, and another user may be unable to reach a project in a private folder. So each way is tried
// out, from the least to the most intrusive one.

import { execFile } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { asError, VitrineError } from '../../errors';
import { sha256 } from '../../bytes';

/** A way to run Postgres's programs, with their folder and the cluster's. */
export interface Launcher {
  /** For messages: 'this user', 'user postgres', … */
  readonly description: string;
  /** The absolute path of the folder of bin, lib and share. */
  readonly native: string;
  /** The absolute path of the folder of the cluster (data/), owned by Postgres's user. */
  readonly folder: string;
  readonly version: string;
  /** The owner that the cluster's files must have; undefined for this process's user. */
  readonly owner: Identity | undefined;
  command(program: string, args: readonly string[]): { file: string; args: string[]; options: Partial<Identity> };
}

export type RunAs = 'self' | 'namespace' | 'user' | 'elsewhere';

interface Identity {
  readonly uid: number;
  readonly gid: number;
}

type Attempt = Pick<Launcher, 'description' | 'native' | 'folder' | 'owner' | 'command'>;
type Prepare = () => Attempt | Promise<Attempt>;

const execute = promisify(execFile);

/**
 * The environment of Postgres's programs, without the caller's PG… variables and USER, which would
 * mislead Postgres's programs.
 */
export const POSTGRES_ENV = Object.freeze({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C',
});

/**
 * Returns the first way that works here.
 * @param native the folder of bin, lib and share
 * @param folder the preferred folder of the cluster, which is made if it does not exist
 * @param only consider these ways only, for tests
 * @throws VitrineError DATABASE_UNAVAILABLE with the reason of each way that was tried
 */
export async function chooseLauncher(native: string, folder: string, only?: readonly RunAs[]): Promise<Launcher> {
  const reasons: string[] = [];
  for (const [way, attempts] of waysToRun(native, folder)) {
    if (only && !only.includes(way)) continue;
    for (const prepare of attempts) {
      const tried = await tryLauncher(prepare);
      if (typeof tried !== 'string') return refuseToLoseData(tried, folder);
      reasons.push(tried);
    }
  }
  throw new VitrineError(
    'DATABASE_UNAVAILABLE',
    `the embedded Postgres cannot be run here; tried:\n${reasons.map((reason) => `  ${reason}`).join('\n')}\n` +
      'Set DATABASE_URL to a Postgres of your own, or run as a user other than root.',
  );
}

/**
 * The folders that a cluster may lie in: the wanted folder, or a folder that all users can reach.
 */
export function clusterFolders(folder: string): string[] {
  return [folder, join(elsewhere(folder), 'server')];
}

/** Gives a folder and everything in it to Postgres's user. */
export function giveTo(owner: Identity | undefined, path: string): void {
  if (!owner || !isRoot()) return;
  const { uid, gid } = lstatSync(path);
  if (uid === owner.uid && gid === owner.gid) return;
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveTo(owner, join(path, name));
  chownSync(path, owner.uid, owner.gid);
}

function waysToRun(native: string, folder: string): [RunAs, Prepare[]][] {
  const users = knownUsers();
  const asUser = (user: KnownUser) => (): Attempt => direct(`user ${user.name}`, native, folder, user);
  const inNamespace = (): Attempt => namespaced(native, folder, users);
  if (!isRoot()) return [['self', [() => asSelf(native, folder)]], ['namespace', [inNamespace]]]; // prettier-ignore
  // The owner of the project's folder is the best user.
  const owner = knownUser(statSync(nearestExisting(folder)).uid);
  return [
    ['namespace', [inNamespace]],
    ['user', [...(owner && owner.uid !== 0 ? [owner] : []), ...users].map(asUser)],
    ['elsewhere', users.map((user) => () => relocated(native, folder, user))],
  ];
}

function asSelf(native: string, folder: string): Attempt {
  // userInfo() throws if the user has no entry in /etc/passwd, as in a container run with --user.
  // initdb would then fail, but a namespace can give the user an entry.
  userInfo();
  return { ...direct('this user', native, folder, { uid: -1, gid: -1 }), owner: undefined, command: plainCommand };
}

/**
 * Runs Postgres in a user namespace in which this process's user has the id of an unprivileged
 * user. Postgres does not see root there, while the file system still sees the owner of root's
 * files. Many containers forbid such namespaces.
 */
function namespaced(native: string, folder: string, users: readonly KnownUser[]): Attempt {
  const user = users[0];
  if (!user || process.platform !== 'linux') throw new Error('needs Linux and an unprivileged user in /etc/passwd');
  const mapping = ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--'];
  return {
    description: 'a user namespace',
    native,
    folder,
    owner: isRoot() ? { uid: 0, gid: 0 } : undefined,
    command: (program, args) => ({ file: 'unshare', args: [...mapping, program, ...args], options: {} }),
  };
}

function direct(description: string, native: string, folder: string, { uid, gid }: Identity): Attempt {
  const owner = { uid, gid };
  return {
    description,
    native,
    folder,
    owner,
    command: (program, args) => ({ file: program, args: [...args], options: owner }),
  };
}

const plainCommand: Launcher['command'] = (program, args) => ({ file: program, args: [...args], options: {} });

/** Copies the programs into a folder that every user can reach, where the cluster lies as well. */
async function relocated(native: string, folder: string, user: KnownUser): Promise<Attempt> {
  const base = elsewhere(folder);
  mkdirSync(base, { recursive: true, mode: 0o711 });
  // All users can write to /var/tmp, and programs of another user must not be run.
  const found = lstatSync(base);
  if (!found.isDirectory() || found.uid !== 0) throw new Error(`${base} belongs to somebody else; remove it`);
  const copy = join(base, 'native');
  const source = join(native, 'bin', 'postgres');
  const target = join(copy, 'bin', 'postgres');
  if (!existsSync(target) || statSync(target).size !== statSync(source).size) {
    rmSync(copy, { recursive: true, force: true });
    const fresh = `${copy}.new`;
    rmSync(fresh, { recursive: true, force: true });
    await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
    await execute('mv', [fresh, copy], { env: POSTGRES_ENV });
  }
  return direct(`user ${user.name}, in ${base}`, copy, join(base, 'server'), user);
}

function elsewhere(folder: string): string {
  return join('/var/tmp', `vitrine-${sha256(folder, 12)}`);
}

/** Returns the launcher, or the reason why it does not work. */
async function tryLauncher(prepare: Prepare): Promise<Launcher | string> {
  let description = 'this way';
  try {
    const attempt = await prepare();
    description = attempt.description;
    mkdirSync(attempt.folder, { recursive: true, mode: 0o700 });
    giveTo(attempt.owner, attempt.folder);
    const program = join(attempt.native, 'bin', 'postgres');
    const script = 'test -w "$1" && test -x "$1" || { echo "it cannot write to $1" >&2; exit 1; }; exec "$2" --version';
    const { file, args, options } = attempt.command('/bin/sh', ['-c', script, 'sh', attempt.folder, program]);
    const { stdout } = await execute(file, args, { ...options, cwd: '/', env: POSTGRES_ENV, timeout: 20_000 });
    return { ...attempt, version: /\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'unknown' };
  } catch (thrown) {
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim() : '';
    return `as ${description}: ${said || asError(thrown).message}`;
  }
}

/**
 * Throws if the launcher would use an empty cluster although another folder has one with data,
 * which would then seem to be lost.
 */
function refuseToLoseData(launcher: Launcher, folder: string): Launcher {
  const existing = clusterFolders(folder).find((place) => existsSync(join(place, 'data', 'PG_VERSION')));
  if (existing === undefined || existing === launcher.folder) return launcher;
  throw new VitrineError(
    'DATABASE_UNAVAILABLE',
    `the embedded database lies in ${existing}, but here Postgres can only run in ${launcher.folder}; ` +
      'run as the user that made it, or remove that folder to start with an empty database',
  );
}

interface KnownUser extends Identity {
  readonly name: string;
}

/** Unprivileged users that machines usually have, best first. */
function knownUsers(): KnownUser[] {
  const all = passwd();
  return ['postgres', '_postgres', 'nobody', 'daemon'].flatMap((name) => all.filter((user) => user.name === name));
}

function knownUser(uid: number): KnownUser | undefined {
  return passwd().find((user) => user.uid === uid);
}

function passwd(): KnownUser[] {
  if (!existsSync('/etc/passwd')) return [];
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.uid > 0 && Number.isInteger(user.gid));
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
