// This is imported first. A signal that comes while the program loads must not kill it, and process
// 1 of a container must not lose it. `run` hears the signal as soon as the program is loaded.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
