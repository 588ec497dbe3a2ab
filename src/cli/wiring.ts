// Functions that open the parts that commands use. Each part is closed when its command ends.
import type { Need } from '../data/postgres/database-rights';
import { openDatabase } from '../data/postgres/postgres';
import type { Store } from '../data/store/store';
import { openStore } from '../data/store/open-store';
import { openTrainingEngine } from '../engine/training-engine';
import { openCurrent } from '../serving/opened';
import { trainingThreads } from '../training/optimise/trainer';
import type { RunningCommand } from './running';

/** Opens the database and returns its URL. For `need` see `DatabaseOptions`. */
export async function openUrl(command: RunningCommand, need: Need = 'read'): Promise<string> {
  const database = await openDatabase(command.config, { need, say: (line) => command.reporter.say(line) });
  command.closing(() => database.close());
  return database.url;
}

export async function openShop(command: RunningCommand, need?: Need): Promise<Store> {
  const store = openStore(await openUrl(command, need), { clock: command.config.clock });
  command.closing(() => store.close());
  return store;
}

export function openTraining(command: RunningCommand) {
  const engine = openTrainingEngine(trainingThreads(command.config.threads));
  command.closing(() => engine.close());
  return engine;
}

export async function openServing(command: RunningCommand, store: Store) {
  const opened = await openCurrent(command.config, store, command.reporter, (closing) => {
    // The error is told first: a stuck thread never closes.
    command.closing(() => closing);
  });
  command.closing(() => opened.close());
  return opened;
}
