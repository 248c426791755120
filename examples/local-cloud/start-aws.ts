import { buildApp } from "fauxqs";
import type { Emulator } from "./emulator.ts";
import { enforceSns } from "./strict-sns.ts";
import { enforceSqs } from "./strict-sqs.ts";

/** SNS, SQS and S3 on this machine. */
export interface LocalAws {
  /** For example `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  /** What AWS SDKs and functions need in their environment to talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** The URL by which clients on this machine reach a queue. */
  queueUrl(name: string): string;
  stop(): Promise<void>;
}

/** The emulator's server: fauxqs does not publish the types that it builds on. */
interface ListeningEmulator extends Emulator {
  listen(options: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}

/** Region of everything local. */
export const REGION = "us-east-1";
/** Account of everything local. */
export const ACCOUNT_ID = "000000000000";

/** Starts the emulator, made as strict as AWS, on a loopback port (a free one unless given). Needs Node >= 22.5. */
export async function startAws(port = 0): Promise<LocalAws> {
  const app = buildApp({ logger: false, defaultRegion: REGION }) as unknown as ListeningEmulator;
  enforceSqs(app);
  enforceSns(app);
  const endpoint = await app.listen({ port, host: "127.0.0.1" });
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
    },
    queueUrl: (name) => `${endpoint}/${ACCOUNT_ID}/${name}`,
    stop: () => app.close(),
  };
}
