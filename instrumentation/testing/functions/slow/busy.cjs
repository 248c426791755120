/** Keeps the processor busy, as a module does that computes a table. */
exports.busy = (ms) => {
  const end = process.uptime() + ms / 1000;
  while (process.uptime() < end);
};
