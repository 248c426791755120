const { get } = require("node:http");
const { traced } = require("hopscope");

exports.handler = traced(
  async () =>
    new Promise((resolve, reject) => {
      get(process.env.TARGET, (response) => response.resume().on("end", () => resolve(response.statusCode))).on("error", reject);
    }),
);
