/** Every source against its table of events, then against anything at all. */
import type { Span, SpanStatus } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appSync } from "./app-sync.ts";
import { askedCases } from "./asked.cases.ts";
import { authorizer } from "./authorizer.ts";
import { brokers } from "./brokers.ts";
import { cloudFront } from "./cloud-front.ts";
import { destination } from "./destination.ts";
import { durableExecution } from "./durable.ts";
import { dynamoDb } from "./dynamodb.ts";
import type { EventCase } from "./event-case.ts";
import type { EventSource } from "./event-source.ts";
import { eventBridge } from "./eventbridge.ts";
import { httpApi, loadBalancer, restApi } from "./http.ts";
import { httpCases } from "./http.cases.ts";
import { detect, sourceOf } from "./index.ts";
import { kinesis } from "./kinesis.ts";
import { lambdaCases } from "./lambda.cases.ts";
import { messageCases } from "./messages.cases.ts";
import { s3 } from "./s3.ts";
import { sdkMessages } from "./sdk-messages.ts";
import { cognito, service, ses } from "./service-events.ts";
import { sns } from "./sns.ts";
import { sqsCases } from "./sqs.cases.ts";
import { sqs } from "./sqs.ts";
import { stepFunctions } from "./step-functions.ts";
import { vpcLattice } from "./vpc-lattice.ts";
import { webSocket } from "./web-socket.ts";

/** What the cases call the sources. */
const NAMED = new Map<EventSource | undefined, string>([
  [sqs, "aws.sqs"],
  [sns, "aws.sns"],
  [authorizer, "aws.api-gateway.authorizer"],
  [webSocket, "aws.api-gateway.websocket"],
  [httpApi, "aws.api-gateway.v2"],
  [loadBalancer, "aws.alb"],
  [restApi, "aws.api-gateway.v1"],
  [vpcLattice, "aws.vpc-lattice"],
  [appSync, "aws.appsync"],
  [eventBridge, "aws.eventbridge"],
  [kinesis, "aws.kinesis"],
  [dynamoDb, "aws.dynamodb"],
  [s3, "aws.s3"],
  [brokers, "aws.brokers"],
  [durableExecution, "aws.lambda.durable"],
  [stepFunctions, "aws.stepfunctions"],
  [destination, "aws.lambda.destination"],
  [cloudFront, "aws.cloudfront"],
  [cognito, "aws.cognito"],
  [ses, "aws.ses"],
  [service, "aws.service"],
  [sdkMessages, "aws.sqs.sdk"],
  [undefined, "invoke"],
]);

const CASES: readonly EventCase[] = [...httpCases, ...sqsCases, ...messageCases, ...lambdaCases, ...askedCases];

describe("every event that is documented", () => {
  it.for(CASES.map((row) => [row.name, row] as const))("%s", ([, { event, caller, expected }]) => {
    const by = typeof event === "object" && event !== null ? sourceOf(event as Record<string, unknown>) : undefined;
    expect(NAMED.get(by)).toBe(expected.by);
    const trigger = detect(event, caller);
    expect(trigger.spanName).toBe(expected.spanName);
    expect(trigger.parent?.spanId ?? null).toBe(expected.parent);
    if (expected.kind) expect(trigger.kind).toBe(expected.kind);
    expect(trigger.messages?.map((message) => message.context?.spanId ?? null)).toEqual(expected.contexts);
    if (expected.keys) expect(trigger.attributes["hopscope.message.keys"]).toEqual(expected.keys);
    expect(trigger.attributes).toMatchObject(expected.attributes ?? {});
    expect(trigger.attributes["faas.trigger"]).toBeTypeOf("string");
    // What a request asked for may be private.
    expect(JSON.stringify(trigger.attributes)).not.toContain("hidden");
  });

  it("has a case for every source", () => {
    const covered = new Set(CASES.map((row) => row.expected.by));
    expect([...NAMED.values()].filter((name) => !covered.has(name))).toEqual([]);
  });

  it("keeps a durable execution in one trace however often it is replayed", () => {
    const event = (operations: number) => ({
      DurableExecutionArn: "arn:aws:lambda:us-east-1:1:function:f:1/durable-execution/a/b",
      CheckpointToken: "t",
      InitialExecutionState: { Operations: Array.from({ length: operations }, (_, Id) => ({ Id })) },
    });
    const [first, replay] = [detect(event(1), {}), detect(event(3), {})];
    expect(replay.parent).toEqual(first.parent);
    expect(first.parent?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(replay.attributes["aws.lambda.durable_execution.replay"]).toBe(true);
  });

  it("marks a durable execution that failed, which is an answer like any other", () => {
    const event = { DurableExecutionArn: "arn", CheckpointToken: "t", InitialExecutionState: { Operations: [{}] } };
    const marked = (result: unknown): Record<string, unknown> => {
      const said: Record<string, unknown> = {};
      const span = {
        setAttribute: (name: string, value: unknown) => Object.assign(said, { [name]: value }),
        setStatus: ({ message }: SpanStatus) => Object.assign(said, { message }),
      };
      detect(event, {}).onResult?.(span as unknown as Span, result);
      return said;
    };
    const error = { ErrorType: "StepError", ErrorMessage: "declined" };
    expect(marked({ Status: "FAILED", Error: error })).toEqual({ "error.type": "StepError", message: "declined" });
    for (const other of [{ Status: "PENDING" }, { Status: "SUCCEEDED", Result: "7" }, undefined]) {
      expect(marked(other)).toEqual({});
    }
  });

  it("calls a field of a type no operation", () => {
    const info = (parentTypeName: string) => ({ info: { parentTypeName, fieldName: "f" }, arguments: {} });
    const types = ["Query", "Mutation", "Subscription", "Order"].map(
      (name) => detect(info(name), {}).attributes["graphql.operation.type"],
    );
    expect(types).toEqual(["query", "mutation", "subscription", undefined]);
  });

  it("lets the answer of an authorizer of type TOKEN name its span, without the request's id that it is not told", () => {
    const trigger = detect({ type: "TOKEN", authorizationToken: "t", methodArn: "a:b/c/GET/d" }, {});
    const span = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: 1 };
    expect(trigger.answer?.({ principalId: "me", policyDocument: {} }, span)).toEqual({
      principalId: "me",
      policyDocument: {},
      context: { hopscope: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01;" },
    });
  });

  it("lets an authorizer's answer name its span, and leaves other answers as they are", () => {
    const trigger = detect({ type: "REQUEST", methodArn: "a:b/c/GET/d", requestContext: { requestId: "id" } }, {});
    const span = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: 1 };
    const answer = { principalId: "me", policyDocument: {}, context: { mine: 1 } };
    expect(trigger.answer?.(answer, span)).toEqual({
      ...answer,
      context: { mine: 1, hopscope: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01;id" },
    });
    expect(answer.context).toEqual({ mine: 1 });
    for (const other of ["no", null, undefined, { some: "object" }]) expect(trigger.answer?.(other, span)).toBe(other);
  });
});

describe("any event at all", () => {
  const cyclic: Record<string, unknown> = { Records: [] };
  cyclic.Records = [cyclic];
  const throwing = (): object =>
    new Proxy({}, { get: () => { throw new Error("mine"); }, has: () => { throw new Error("mine"); } });

  it.for([
    ["null", null],
    ["undefined", undefined],
    ["a string", "event"],
    ["a number", 7],
    ["an empty list", []],
    ["a list of null", [null]],
    ["a cycle", cyclic],
    ["6 MB of text", { body: "x".repeat(6_000_000), Records: [{ eventSource: "aws:sqs", body: "x".repeat(6_000_000) }] }],
    ["a prototype's key", JSON.parse('{"__proto__": {"Records": 1}, "constructor": 2, "toString": null}')],
    ["getters that throw", throwing()],
    ["a record whose getters throw", { Records: [throwing()] }],
    ["a second record whose getters throw", { Records: [{ eventSource: "aws:sqs", messageId: "a" }, throwing()] }],
    ["headers that throw", { requestContext: { http: { method: "GET" } }, headers: throwing() }],
    ["a name that is no text", { requestContext: { http: { method: { toString: null } } } }],
  ] as const)("%s is described, never thrown at", ([, event]) => {
    const trigger = detect(event, throwing());
    expect(trigger.attributes["faas.trigger"]).toBeTypeOf("string");
  });

  it("is described by whichever source it pretends to be of", () => {
    const marker = fc.constantFrom("aws:sqs", "aws:sns", "aws:s3", "aws:kinesis", "aws:dynamodb", "aws:kafka", "aws:ses");
    const members = ["Sns", "s3", "kinesis", "dynamodb", "attributes", "messageAttributes", "body", "cf", "ses"];
    const anything = Object.fromEntries(members.map((name) => [name, fc.anything()]));
    const pretender = fc.record({ eventSource: marker, EventSource: marker, ...anything }, { requiredKeys: [] });
    const event = fc.oneof(
      fc.anything(),
      fc.record({ Records: fc.array(pretender) }),
      fc.record({ requestContext: fc.anything(), headers: fc.anything(), eventSource: marker, records: fc.anything() }),
    );
    fc.assert(fc.property(event, (value) => typeof detect(value, {}).attributes["faas.trigger"] === "string"));
  });
});
