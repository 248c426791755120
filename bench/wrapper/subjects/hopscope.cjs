const { traced } = require("hopscope");
// What an invocation costs apart from the network: nothing is sent.
exports.handler = traced(async () => ({ batchItemFailures: [] }), { flushBudgetMs: 0 });
