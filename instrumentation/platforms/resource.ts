import type { Attributes } from "@opentelemetry/api";
import {
  CLOUD_PLATFORM,
  CLOUD_PROVIDER,
  CLOUD_REGION,
  FAAS_INSTANCE,
  FAAS_MAX_MEMORY,
  FAAS_NAME,
  FAAS_VERSION,
  SERVICE_NAME,
} from "@hopscope/schema/attributes";
import { VERSION } from "../core/version.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What this process is, by the resource conventions of OpenTelemetry. `configured` wins over what was found.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/resource/faas/
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function detectResource(configured: Attributes, env: Env): Attributes {
  return {
    [SERVICE_NAME]: "unknown_service:node",
    "telemetry.sdk.name": "hopscope",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": VERSION,
    ...(env.AWS_LAMBDA_FUNCTION_NAME && lambdaResource(env.AWS_LAMBDA_FUNCTION_NAME, env)),
    ...configured,
  };
}

function lambdaResource(name: string, env: Env): Attributes {
  const memoryMiB = Number(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  return {
    [SERVICE_NAME]: name,
    [FAAS_NAME]: name,
    ...(env.AWS_LAMBDA_FUNCTION_VERSION && { [FAAS_VERSION]: env.AWS_LAMBDA_FUNCTION_VERSION }),
    ...(env.AWS_LAMBDA_LOG_STREAM_NAME && { [FAAS_INSTANCE]: env.AWS_LAMBDA_LOG_STREAM_NAME }),
    ...(memoryMiB > 0 && { [FAAS_MAX_MEMORY]: memoryMiB * 1024 * 1024 }),
    [CLOUD_PROVIDER]: "aws",
    [CLOUD_PLATFORM]: "aws_lambda",
    ...(env.AWS_REGION && { [CLOUD_REGION]: env.AWS_REGION }),
  };
}
