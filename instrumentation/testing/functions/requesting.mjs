import http from "node:http";
import { traced } from "hopscope";

export const handler = traced(
  async () =>
    new Promise((resolve, reject) => {
      http.get(process.env.TARGET, (response) => response.resume().on("end", () => resolve(response.statusCode))).on("error", reject);
    }),
);
