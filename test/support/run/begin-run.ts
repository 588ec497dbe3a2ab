// Jest runs this before the first test.
import { beginRun } from './run';

export = beginRun;
