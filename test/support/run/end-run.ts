// Jest runs this after the last test.
import { endRun } from './run';

export = endRun;
