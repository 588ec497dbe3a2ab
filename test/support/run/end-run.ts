// What Jest does after the last test.
import { endRun } from './run';

export = endRun;
