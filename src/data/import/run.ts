// What all steps of one import share.

import type { Client } from 'pg';
import type { Reporter } from '../../telemetry/progress';
import type { Rejects } from './rejects';

export interface Run {
  readonly client: Client;
  readonly rejects: Rejects;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}
