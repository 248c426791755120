/** Names of the log's files: by number, in the order in which they were begun. */
const NAME = /^(\d{16})\.(seg|spare)$/;

/** What files are there, each kind in order. */
export interface NamedFiles {
  readonly segments: readonly string[];
  /** Files that were kept to be written over. */
  readonly spares: readonly string[];
  /** The highest number of them all; 0 where there is none. */
  readonly lastNumber: number;
}

/** Tells the log's files from others, which are left alone. */
export function namedFiles(names: readonly string[]): NamedFiles {
  const ours = names.filter((name) => NAME.test(name)).sort();
  return {
    segments: ours.filter((name) => name.endsWith(".seg")),
    spares: ours.filter((name) => name.endsWith(".spare")),
    lastNumber: Math.max(0, ...ours.map(numberOf)),
  };
}

/** The number of one of these files, by its name. */
export function numberOf(name: string): number {
  return Number.parseInt(name, 10);
}

/** The segment's file of that number. */
export function segmentName(number: number): string {
  return `${String(number).padStart(16, "0")}.seg`;
}

/** What a segment's file is called while it is kept to be written over. */
export function spareNameOf(segment: string): string {
  return segment.replace(/\.seg$/, ".spare");
}
