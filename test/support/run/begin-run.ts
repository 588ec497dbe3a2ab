// What Jest does before the first test.
import { beginRun } from './run';

export = beginRun;
