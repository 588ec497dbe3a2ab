// The command that serves the current release, and the function that assembles a server.
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Readiness } from '../api/http/health';
import { NO_PHOTOS, openPhotos } from '../api/http/photos';
import { createServer } from '../api/server';
import { PROJECT_ROOT } from '../config';
import type { Store } from '../data/store/store';
import { drawArticle } from '../demo/drawing/drawing';
import { asError, VitrineError } from '../errors';
import { createHost, type Host } from '../serving/host';
import { createLog } from '../telemetry/log';
import { example, port } from './arguments';
import { aborted, run, type RunningCommand } from './running';
import { openShop } from './wiring';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the current release as a GraphQL API')
    .option('--port <n>', 'port to listen on (default: PORT, else 4000)', port)
    .addHelpText('after', example('vitrine serve --port 4000'))
    .action((options: { port?: number }) =>
      run(async (command) => {
        command.serving();
        const store = await openShop(command);
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
  let begun = false;
  const server = await createServer({
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
