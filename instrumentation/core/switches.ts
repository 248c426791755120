import { report } from "./report.ts";

/** What must be known when the package is loaded; everything else is read at the first use. */
export interface Switches {
  /** `OTEL_SDK_DISABLED=true`: handlers run untouched. */
  readonly disabled: boolean;
  /** `HOPSCOPE_TRACE_HTTP` is not `false`: requests by `fetch` and `node:http` are traced. */
  readonly tracesHttp: boolean;
  /** `HOPSCOPE_PROVIDE_API` is not `false`: the OpenTelemetry API is given our provider where it has none. */
  readonly providesApi: boolean;
  /** `HOPSCOPE_LOG_CONTEXT=true`: lines of `console` say which trace they belong to. */
  readonly logContext: boolean;
  /** `HOPSCOPE_CAPTURE_PAYLOAD=true`: events and responses are recorded where a handler's options do not say. */
  readonly capturePayload: boolean;
}

/** Reads {@link Switches}. */
export function readSwitches(env: Env): Switches {
  return {
    disabled: env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true",
    tracesHttp: readSwitch(env, "TRACE_HTTP", true),
    providesApi: readSwitch(env, "PROVIDE_API", true),
    logContext: readSwitch(env, "LOG_CONTEXT", false),
    capturePayload: readSwitch(env, "CAPTURE_PAYLOAD", false),
  };
}

type Env = Readonly<Record<string, string | undefined>>;

function readSwitch(env: Env, name: string, fallback: boolean): boolean {
  const text = env[`HOPSCOPE_${name}`]?.trim().toLowerCase();
  if (text === "true" || text === "false") return text === "true";
  if (text) report(`HOPSCOPE_${name} must be true or false, not "${text}"; using ${fallback}`);
  return fallback;
}
