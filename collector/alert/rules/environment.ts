/** Replaces `${NAME}` in every text of a value by the environment; names what is missing. */
export function fillFromEnvironment<T>(
  value: T,
  env: Readonly<Record<string, string | undefined>>,
): { value: T; missing: string[] } {
  const missing: string[] = [];
  const fill = (one: unknown): unknown => {
    if (typeof one === "string") {
      return one.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
        const found = env[name];
        if (found === undefined || found === "") missing.push(name);
        return found ?? "";
      });
    }
    if (Array.isArray(one)) return one.map(fill);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, each]) => [key, fill(each)]));
  };
  return { value: fill(value) as T, missing };
}
