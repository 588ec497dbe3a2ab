#!/usr/bin/env node
// The `vitrine` command: makes sure that the clone is set up, then hands over to the program.

import { setUpOrExit } from './setup.mjs';

await setUpOrExit();
await import('../dist/src/main.js');
