// Follows the name in `current`: opens the release that it names, and tries again after a failure
// that may be temporary. In the meantime, the previous release continues to answer.
import type { Store } from '../data/store/store';
import { asError, VitrineError } from '../errors';
import { footprint } from '../release/footprint';
import { currentRelease } from '../release/release-store';
import type { Logger } from '../telemetry/log';
import type { Opened, ServingConfig } from './opened';
import type { ServedReleases } from './served-releases';

/** The release that `current` names. */
export type Wanted =
  | { readonly phase: 'none' }
  | { readonly phase: 'opening'; readonly name: string }
  | Refused
  | { readonly phase: 'serving'; readonly name: string };

interface Refused {
  readonly phase: 'refused';
  readonly name: string;
  readonly why: Error;
  /** The release's footprint when it was last tried, and when it was last checked. */
  readonly tried: string;
  readonly seen: string;
  /** Milliseconds between this try and the next. */
  readonly pause: number;
  /** Time of the next try, or Infinity if only changed files can help. */
  readonly again: number;
}

/**
 * The longest pause, in ms. Each pause is twice as long as the previous pause, since opening a
 * release takes seconds.
 */
const LONGEST_PAUSE_MS = 30_000;

export interface FollowerParts {
  readonly config: Pick<ServingConfig, 'modelsDir' | 'encoderDir'>;
  readonly store: Pick<Store, 'ping'>;
  readonly log: Logger;
  readonly releases: ServedReleases;
  /** Opens the release that `current` names. */
  readonly open: () => Promise<Opened>;
  /** The first pause, in ms. */
  readonly pauseMs: number;
}

export class ReleaseFollower {
  #wanted: Wanted = { phase: 'none' };
  /** The error message of the last look, empty if the look succeeded. */
  #trouble = '';

  constructor(private readonly parts: FollowerParts) {}

  get wanted(): Wanted {
    return this.#wanted;
  }

  /** The reason why no release answers, undefined if a release answers. */
  problem(): string | undefined {
    const { releases, config } = this.parts;
    const { answering } = releases;
    if (answering) return answering.engine.failure()?.message;
    const wanted = this.#wanted;
    if (wanted.phase === 'refused') return wanted.why.message;
    if (this.#trouble) return this.#trouble;
    if (wanted.phase !== 'none') return `The release ${wanted.name} is being opened.`;
    return `There is no release in ${config.modelsDir} yet; \`npx vitrine train\` makes one.`;
  }

  /** Checks `current` once. Never rejects: a failure is logged, but only once if it repeats. */
  async look(): Promise<void> {
    try {
      await this.#follow();
      this.#trouble = '';
    } catch (thrown) {
      const { message } = asError(thrown);
      if (message !== this.#trouble) this.parts.log.warn({ err: thrown }, 'following the store failed');
      this.#trouble = message;
    }
  }

  async #follow(): Promise<void> {
    const { config, releases, log } = this.parts;
    const name = await currentRelease(config.modelsDir);
    const { answering } = releases;
    const failure = answering?.engine.failure();
    if (name === undefined) this.#wanted = { phase: 'none' };
    else if (name === answering?.name && !failure) this.#wanted = { phase: 'serving', name };
    else {
      const former = this.#wanted;
      const refused = former.phase === 'refused' && former.name === name ? former : undefined;
      if (failure && !refused) log.error({ err: failure }, 'the inference thread failed; opening another');
      this.#wanted = refused ?? { phase: 'opening', name };
      await this.#open(name, refused);
    }
    const changed = await releases.answering?.shop.refresh();
    if (changed) log.info({ articles: changed }, 'articles changed');
  }

  /**
   * Opens a release, or notes the reason for a failure. A refused release is tried again once its
   * files or `current` have changed and are no longer changing, since half a copy would be refused
   * again.
   */
  async #open(name: string, refused: Refused | undefined): Promise<void> {
    const { config, store, releases, log, open, pauseMs } = this.parts;
    const files = await footprint(config.modelsDir, name, config.encoderDir);
    const changed = files !== refused?.tried && files === refused?.seen;
    if (refused && !changed && performance.now() < refused.again) {
      this.#wanted = { ...refused, seen: files };
      return;
    }
    // Opening takes long, and is useless without a database.
    await store.ping();
    try {
      this.#answerWith(await open());
    } catch (thrown) {
      const why = asError(thrown);
      const lasts = why instanceof VitrineError && why.code.startsWith('RELEASE_');
      const pause = refused ? Math.min(2 * refused.pause, LONGEST_PAUSE_MS) : pauseMs;
      const again = lasts ? Infinity : performance.now() + pause;
      this.#wanted = { phase: 'refused', name, why, tried: files, seen: files, pause, again };
      if (refused?.why.message !== why.message || changed)
        log.error({ err: why, release: name, serving: releases.answering?.name }, 'the release cannot be opened');
    }
  }

  #answerWith(opened: Opened): void {
    const { releases, log } = this.parts;
    releases.answerWith(opened);
    if (releases.answering !== opened) return;
    this.#wanted = { phase: 'serving', name: opened.name };
    log.info({ release: opened.name }, 'serving release');
    const { articles, shop } = opened;
    if (shop.known < articles / 2) {
      log.warn(
        { articles, known: shop.known },
        'most articles of the release are not in this database: was it trained on another shop?',
      );
    }
  }
}
