/** Handlers of the forms that Lambda's runtimes took up to Node 22, in CommonJS. */
const { traced } = require("hopscope");

exports.promise = traced(async (event) => ({ got: event.name }));
exports.plain = traced((event) => ({ got: event.name }));
exports.callback = traced((event, context, callback) => {
  setImmediate(() => callback(null, { got: event.name }));
});
exports.callbackFails = traced((event, context, callback) => {
  setImmediate(() => callback(new TypeError("called back")));
});
exports.callbackDoesNotWait = traced((event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => undefined, 1000);
  callback(null, "at once");
});
/** Never calls back: the runtime answers null once nothing is left to do. */
exports.forgetful = traced((event, context, callback) => {
  setTimeout(() => typeof callback, 20);
});
exports.succeed = traced((event, context, callback) => {
  context.succeed({ got: event.name });
});
exports.thrown = traced(() => {
  throw new TypeError("thrown at once");
});
/** Its length tells of no callback: how it ends shows only when it does. */
exports.contextFails = traced((event, context) => {
  setTimeout(() => context.fail(new TypeError("failed later")), 20);
});
exports.defaultCallback = traced((event, context, callback = () => undefined) => {
  setTimeout(() => callback(new TypeError("called back by default")), 20);
});
exports.restArguments = traced((...all) => {
  setTimeout(() => all[2](new TypeError("called back among the rest")), 20);
});
