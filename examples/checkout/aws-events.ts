/** The parts of Lambda's events that the functions read. */

/** A request from an API Gateway HTTP API, payload version 2.0. */
export interface HttpEvent {
  readonly body?: string;
}

/** The answer to it. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A message from SQS. */
export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
}

/** A batch from SQS. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

/** What SNS puts into a queue that is subscribed without raw message delivery. */
interface SnsEnvelope {
  readonly Message: string;
}

/** The message inside an SNS envelope. Throws where the body is none. */
export function unwrapSns<T>(record: SqsRecord): T {
  const { Message } = JSON.parse(record.body) as SnsEnvelope;
  return JSON.parse(Message) as T;
}
