import { asObject, asText, type EventSource } from "./event-source.ts";
import { describeRequest } from "./http.ts";

/**
 * VPC Lattice, event structure versions 1 (`raw_path`) and 2 (headers as lists).
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-vpc-lattice.html
 */
export const vpcLattice: EventSource = {
  matches: (event) =>
    asText(asObject(event.requestContext)?.serviceNetworkArn) !== undefined ||
    (asText(event.raw_path) !== undefined && asText(event.method) !== undefined),
  describe: describeRequest,
};
