/** Places of spans: a slot of time and a trace, as the rows of `spans` lie together. */
import { slotSql } from "./slots.ts";

/** The place of a row of `spans`. */
export const PLACE = `(${slotSql("spans.start_time")}, spans.trace_id)`;

/** Places that are named: the planning of a sub-query is saved, but each takes three times as long in a URL. */
export const FEW_PLACES_MAX = 500;

/** A set of so few: the parameter `places`, tuples of slot and trace id in bytes. */
export const FEW_PLACES = "{places:Array(Tuple(UInt32, FixedString(16)))}";

/** A set of more: the parameters `slots`, and beside them `traceIds` in hex. */
export const MANY_PLACES = `
(
    SELECT tupleElement(place, 1), toFixedString(unhex(tupleElement(place, 2)), 16)
    FROM (SELECT arrayJoin(arrayZip({slots:Array(UInt32)}, {traceIds:Array(String)})) AS place)
)`;
