// This file is imported first. A signal that arrives while the program is loading must not kill the
// program. The first process of a container must not lose the signal either. `run` receives the
// signal as soon as the program has loaded.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
