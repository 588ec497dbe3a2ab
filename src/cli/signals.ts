// Imported before all else: a signal that comes while the program is still being loaded must not
// kill it, nor be lost where the system does nothing by default (process 1 of a container). `run`
// hears it as soon as loading is done.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
