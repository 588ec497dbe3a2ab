// What commands open, each closed when its command ends. Knows no command.
import type { Need } from '../data/postgres/database-rights';
import { openDatabase } from '../data/postgres/postgres';
import { openStore, type Store } from '../data/store/store';
import { openEngine } from '../engine/engine';
import { openCurrent } from '../serving/opened';
import { trainingThreads } from '../training/optimise/trainer';
import type { Session } from './session';

/** `need`: see `DatabaseOptions`. */
export async function openUrl(session: Session, need: Need = 'read'): Promise<string> {
  const database = await openDatabase(session.config, { need, say: (line) => session.reporter.say(line) });
  session.closing(() => database.close());
  return database.url;
}

export async function openShop(session: Session, need?: Need): Promise<Store> {
  const store = openStore(await openUrl(session, need));
  session.closing(() => store.close());
  return store;
}

export function openTraining(session: Session) {
  const engine = openEngine(trainingThreads(session.config.threads));
  session.closing(() => engine.close());
  return engine;
}

export async function openServing(session: Session, store: Store) {
  const opened = await openCurrent(session.config, store, session.reporter);
  session.closing(() => opened.close());
  return opened;
}
