const startedMs = Date.now();

/**
 * @returns {number} milliseconds since the command began
 */
export function sinceStartMs() {
  return Date.now() - startedMs;
}

/**
 * Prints one calm line with the seconds since the command began, so that a reader sees that it moves.
 * @param {string} message
 */
export function log(message) {
  const seconds = (sinceStartMs() / 1000).toFixed(1).padStart(5);
  process.stderr.write(`${seconds}s  ${message}\n`);
}

/** Between two signs of life of a long job, milliseconds. */
const signOfLifeMs = 15_000;

/**
 * Says what a long job does, and every few seconds that it still does.
 * @template T
 * @param {string} what for example "installing packages"
 * @param {() => Promise<T>} job
 * @returns {Promise<T>} what the job gives
 */
export async function during(what, job) {
  log(`${what} ...`);
  const timer = setInterval(() => log(`still ${what} ...`), signOfLifeMs);
  try {
    return await job();
  } finally {
    clearInterval(timer);
  }
}

/** A failure whose message alone is worth showing: it says what is wrong and what to do. */
export class Stop extends Error {}
