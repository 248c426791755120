import { AsyncLocalStorage } from "node:async_hooks";
import { ROOT_CONTEXT } from "@opentelemetry/api";

/** What an application with its own SDK has for context. */
export class AsyncLocalStorageContextManager {
  #storage = new AsyncLocalStorage();
  active = () => this.#storage.getStore() ?? ROOT_CONTEXT;
  with = (context, fn, self, ...args) => this.#storage.run(context, () => fn.apply(self, args));
  bind = (context, target) => target;
  enable = () => this;
  disable = () => this;
}
