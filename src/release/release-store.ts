// The releases in a folder, and the current one. A release is written into a hidden draft release,
// with its manifest last. One rename turns the draft into a release, and another rename makes the
// release current. A crash at any moment leaves the previous release current. If several publishers
// build on the same release, the first publisher wins.
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, withFileLock } from '../data/files/file-lock';
import { VitrineError } from '../errors';
import { asStorageError, storing, syncFolder, withDraft, writeDurably } from '../data/files/storage';
import { CURRENT_FILE, MANIFEST_FILE, type Manifest } from './format';
import { sha256 } from '../bytes';
import { DAY_MS } from '../time';

/** A release that has no name yet. */
export interface Draft {
  readonly described: Described;
  /** Contents of the files, by path within the release. */
  readonly files: ReadonlyMap<string, Uint8Array | string>;
}

/** A manifest without the fields that depend on the files and the time. */
export type Described = Omit<Manifest, 'name' | 'createdAt' | 'files'>;

/** Number of earlier releases that are kept, so that an operator can return to them. */
const KEEP = 3;

/**
 * Writes a release and makes it the current one. If anything fails, nothing changes.
 * @param over the release that the draft was made from. If omitted, the draft replaces any current
 * release
 * @throws VitrineError RELEASE_MOVED if `over` is no longer current; STORAGE_UNAVAILABLE
 */
export async function publish(modelsDir: string, draft: Draft, now: Date, over?: string): Promise<Manifest> {
  return storing(modelsDir, async () => {
    await mkdir(modelsDir, { recursive: true });
    const { name, folder } = reserve(modelsDir, now);
    return withDraft(folder, async () => {
      for (const [path, content] of draft.files) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeDurably(join(folder, path), content);
      }
      const files = Object.fromEntries([...draft.files].map(([path, content]) => [path, sha256(content)]));
      const manifest: Manifest = { ...draft.described, name, createdAt: now.toISOString(), files };
      await writeDurably(join(folder, MANIFEST_FILE), JSON.stringify(manifest, null, 2));
      await withFileLock(join(modelsDir, LOCK_FILE), async () => {
        if (over !== undefined) await expectCurrent(modelsDir, over);
        await rename(folder, join(modelsDir, name));
        await syncFolder(modelsDir);
        await makeCurrent(modelsDir, name).catch(async (thrown: unknown) => {
          // The release is removed, since it would stay on the full disk without being used.
          if ((await currentRelease(modelsDir)) !== name) await rm(join(modelsDir, name), { recursive: true });
          throw thrown;
        });
        await removeOld(modelsDir, name);
      });
      return manifest;
    });
  });
}

/**
 * The lock is held while `current` is read and changed, so that no other publisher changes
 * `current` in the meantime.
 */
const LOCK_FILE = '.publish.lock';

/**
 * Makes an empty draft release under a name that no other release has, even a release of the same
 * millisecond. The function is synchronous, so the process cannot end before `withDraft` guards the
 * draft.
 */
function reserve(modelsDir: string, now: Date): { name: string; folder: string } {
  for (let time = now.getTime(); ; time++) {
    const name = nameOf(new Date(time));
    const folder = join(modelsDir, `.${name}.draft`);
    try {
      mkdirSync(folder);
    } catch (thrown) {
      if (hasCode(thrown, 'EEXIST')) continue;
      throw thrown;
    }
    // Only the owner of a draft makes the release of the same name, so no other publisher can take
    // this name from here on.
    if (!existsSync(join(modelsDir, name))) return { name, folder };
    rmdirSync(folder);
  }
}

async function expectCurrent(modelsDir: string, over: string): Promise<void> {
  const current = await currentRelease(modelsDir);
  if (current === over) return;
  throw new VitrineError(
    'RELEASE_MOVED',
    `The new release was made from ${over}, but ${current ?? 'none'} is current by now: nothing was published.`,
  );
}

/** Writes the name of the release to serve into `current`. A running server follows this file. */
export async function makeCurrent(modelsDir: string, name: string): Promise<void> {
  const draft = join(modelsDir, `.${CURRENT_FILE}.draft`);
  await withDraft(draft, async () => {
    await writeDurably(draft, `${name}\n`);
    await rename(draft, join(modelsDir, CURRENT_FILE));
  });
  await syncFolder(modelsDir);
}

/**
 * The name of the current release, undefined if there is none. @throws VitrineError
 * STORAGE_UNAVAILABLE
 */
export async function currentRelease(modelsDir: string): Promise<string | undefined> {
  const file = join(modelsDir, CURRENT_FILE);
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    throw asStorageError(thrown, file);
  }
}

function nameOf(time: Date): string {
  return time.toISOString().replace(/[:.]/g, '-').replace('Z', '');
}

/** Removes the oldest releases, and the drafts of killed runs. */
async function removeOld(modelsDir: string, current: string): Promise<void> {
  const entries = await readdir(modelsDir, { withFileTypes: true });
  const releases = entries.filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}T/.test(entry.name));
  const old = releases
    .map((entry) => entry.name)
    .filter((name) => name < current)
    .sort()
    .reverse();
  // Another training may still be writing a draft of today.
  const yesterday = `.${nameOf(new Date(Date.now() - DAY_MS))}`;
  const drafts = entries
    .map((entry) => entry.name)
    .filter((name) => /^\.\d{4}-.*\.draft$/.test(name) && name < yesterday);
  for (const name of [...old.slice(KEEP), ...drafts]) await rm(join(modelsDir, name), { recursive: true, force: true });
}
