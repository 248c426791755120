const started = Date.now();

/**
 * Prints one calm line with the seconds since the command began, so that a reader sees that it moves.
 * @param {string} message
 */
export function log(message) {
  const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(5);
  process.stderr.write(`${seconds}s  ${message}\n`);
}

/** A failure whose message alone is worth showing: it says what is wrong and what to do. */
export class Stop extends Error {}
