/** `hopscope start`: the collector, until a signal ends it. */
import { misspelledSettings, readConfig } from "./config.ts";
import { closeOnSignal } from "./lifetime.ts";
import { collectorLog } from "./log.ts";
import { startCollector } from "./start-collector.ts";

/** Runs until a signal ends the process. */
export async function start(): Promise<void> {
  const config = readConfig(process.env);
  const log = collectorLog(config.logLevel, config.logFormat);
  for (const mistake of misspelledSettings(process.env)) log.warn({}, mistake);
  const collector = await startCollector(config, log);
  const grpc = collector.grpcEndpoint === undefined ? "" : ` (gRPC: ${collector.grpcEndpoint})`;
  log.announce(`Hopscope is ready. Send OTLP to ${collector.endpoint}${grpc} and open ${collector.url}`);
  await closeOnSignal(async () => {
    log.mute();
    await collector.close();
  }, config.shutdownMs);
}
