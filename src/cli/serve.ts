// The command that serves the current release, and the function that assembles a server.
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createGate } from '../access/gate';
import { openKeys } from '../access/keys';
import type { Readiness } from '../api/http/health';
import { NO_PHOTOS, openPhotos } from '../api/http/photos';
import { isLoopback } from '../api/http/hosts';
import { createServer } from '../api/server';
import { PROJECT_ROOT } from '../config';
import type { Store } from '../data/store/store';
import { drawArticle } from '../demo/drawing/drawing';
import { asError, VitrineError } from '../errors';
import { createHost, type Host } from '../serving/host';
import { createLog } from '../telemetry/log';
import { example, port } from './arguments';
import { aborted, run, type RunningCommand } from './running';
import { COMMAND_LINE } from './keys';
import { openShop } from './wiring';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the current release as a GraphQL API')
    .option('--port <n>', 'port to listen on (default: PORT, else 4000)', port)
    .option('--first-key', 'make a key for an admin and print it, if there was never a key')
    .addHelpText('after', example('vitrine serve --port 4000'))
    .action((options: { port?: number; firstKey?: boolean }) =>
      run(async (command) => {
        command.serving();
        const store = await openShop(command);
        if (options.firstKey) await printFirstKey(store);
        const { address, serve } = await listen(command, store, { ...options, preparing: 'it is starting' });
        await serve();
        command.reporter.say(`Serving ${address} (the API: ${address}/graphql); Ctrl-C stops.`);
        await aborted(command.signal);
      }),
    );
}

/** A server that is listening. Calling `serve` makes it load the release and serve. */
interface Listening {
  readonly address: string;
  readonly serve: () => Promise<void>;
}

interface ListenOptions {
  /** Default: the port from the settings. */
  readonly port?: number | undefined;
  /**
   * Folder of photos to use if the settings name none. If both are missing, there are no photos.
   */
  readonly photos?: string | undefined;
  /** The reason that /health/ready reports until `serve` is called. */
  readonly preparing: string;
}

/**
 * Starts to listen before there is anything to serve, so that no other program takes the port.
 * Until `serve` is called, the server is live but not ready.
 */
export async function listen(
  command: RunningCommand,
  store: Store,
  { port = command.config.port, photos, preparing }: ListenOptions,
): Promise<Listening> {
  const { config } = command;
  const log = createLog(config);
  const host = createHost(config, store, log, { reporter: command.reporter });
  command.closing(() => host.close());
  const images = config.imagesDir ?? photos;
  const gate = await createGate(store.access, config);
  if (gate.isOpen()) sayOpen(command);
  let begun = false;
  const server = await createServer({
    gate,
    store,
    recommender: host.recommender,
    config: { ...config, port },
    log,
    report: () => host.report(),
    photos:
      images === undefined
        ? NO_PHOTOS
        : openPhotos(images, join(config.home, 'images'), (err) => log.error({ err }, 'photos cannot be kept')),
    draw: drawArticle,
    shopWindow: join(PROJECT_ROOT, 'dist', 'web'),
    counters: host,
    ready: () => (begun ? readinessOf(host) : { ready: false, reason: preparing }),
  });
  command.closing(() => server.close());
  const address = await server.listen().catch((thrown: unknown) => {
    throw cannotListen(port, thrown);
  });
  return {
    address,
    serve() {
      begun = true;
      return host.start();
    },
  };
}

/**
 * Returns whether the server is ready, and if not, why. Anyone may read this, so details and paths
 * are only in the log.
 */
function readinessOf(host: Host): Readiness {
  const unserved = host.unserved();
  if (host.problem() !== undefined) {
    const reason = unserved && `release ${unserved.release}: ${unserved.reason}`;
    return { ready: false, reason: reason ?? 'recommendations are not available; see the log' };
  }
  if (!unserved) return { ready: true };
  return { ready: true, release: host.release(), wanted: unserved.release, reason: unserved.reason };
}

/**
 * Says that no key is needed.
 * @throws VitrineError CONFIG_INVALID if other machines reach the server and nothing guards it
 */
function sayOpen({ config, reporter }: RunningCommand): void {
  if (config.open) {
    reporter.say(`Everybody who reaches ${config.host} may read and write everything (VITRINE_OPEN).`);
  } else if (isLoopback(config.host)) {
    reporter.say('Programs on this machine need no key until there is one; `npx vitrine keys make` makes it.');
  } else {
    throw new VitrineError(
      'CONFIG_INVALID',
      `HOST=${config.host} lets other machines in, and there is no key yet. ` +
        'Make one: `npx vitrine keys make NAME --scopes admin`. If a gateway guards the server, set VITRINE_OPEN=true.',
    );
  }
}

async function printFirstKey(store: Store): Promise<void> {
  if (await store.access.hasKeys()) return;
  const admin = { name: 'first admin', kind: 'secret', scopes: ['admin'], expiresAt: null } as const;
  const { text } = await openKeys(store.access).make(admin, COMMAND_LINE);
  process.stdout.write(`The key of the admin, which is shown only now: ${text}\n`);
}

function cannotListen(port: number, thrown: unknown): VitrineError {
  return new VitrineError(
    'CONFIG_INVALID',
    `Cannot listen on port ${port}: ${asError(thrown).message}. Choose another port with --port.`,
  );
}

/** Fails if a server cannot listen on this host and port. Called before the database is opened. */
export async function checkPort(host: string, port: number): Promise<void> {
  const probe = createNetServer();
  await new Promise<void>((resolve_, reject) => {
    probe.once('error', reject);
    probe.listen(port, host, resolve_);
  }).catch((thrown: unknown) => {
    throw cannotListen(port, thrown);
  });
  await new Promise((resolve_) => probe.close(resolve_));
}
