import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, misspelledSettings, readConfig } from "./config.ts";
import { settingsPage } from "./settings-page.ts";

describe("the settings", () => {
  it("have a default that starts on this machine alone", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 4318,
      dataDir: resolve(".hopscope"),
      clickhouseUrl: undefined,
      database: "hopscope",
      retentionDays: 30,
    });
  });

  it("take PORT where HOPSCOPE_PORT is not set, and count an empty variable as not set", () => {
    expect(readConfig({ PORT: "80", HOPSCOPE_PORT: "" }).port).toBe(80);
    expect(readConfig({ PORT: "80", HOPSCOPE_PORT: "81" }).port).toBe(81);
  });

  it.for([
    ["HOPSCOPE_PORT", "http", 'HOPSCOPE_PORT is "http", but must be a port from 0 to 65535.'],
    ["HOPSCOPE_PORT", "65536", 'HOPSCOPE_PORT is "65536", but must be a port from 0 to 65535.'],
    ["PORT", "-1", 'PORT is "-1", but must be a port from 0 to 65535.'],
    ["HOPSCOPE_HOST", "a b", /^HOPSCOPE_HOST is "a b", but must be an address/],
    ["HOPSCOPE_RETENTION_DAYS", "0", /must be a whole number from 1 to 3650\.$/],
    ["HOPSCOPE_RETENTION_DAYS", "1.5", /must be a whole number from 1 to 3650\.$/],
    ["HOPSCOPE_CLICKHOUSE_URL", "tcp://db:9000", /^HOPSCOPE_CLICKHOUSE_URL is "tcp:\/\/db:9000"/],
    ["HOPSCOPE_CLICKHOUSE_URL", "db:8123", /must be a URL such as http:\/\/user:password@host:8123, with %25/],
    ["HOPSCOPE_CLICKHOUSE_URL", "http://me:50%off@db", /^HOPSCOPE_CLICKHOUSE_URL is "http:\/\/me:\*\*\*@db".*%25.* for %/],
    ["HOPSCOPE_CLICKHOUSE_CLUSTER", "a'b", /must be letters, digits, underscores, dots and dashes/],
    ["HOPSCOPE_CLICKHOUSE_CLUSTER", "main", /needs HOPSCOPE_CLICKHOUSE_URL/],
    ["HOPSCOPE_CLICKHOUSE_DATABASE", "a-b", /must be letters, digits and underscores/],
    ["HOPSCOPE_CLICKHOUSE_DATABASE", "System", /and none of ClickHouse's own databases/],
    ["HOPSCOPE_STORE_MEMORY_MB", "100", /must be a whole number from 512/],
    ["HOPSCOPE_INGEST_TOKENS", "too-short", /^HOPSCOPE_INGEST_TOKENS is not shown here, but must be tokens of at least 16/],
    ["HOPSCOPE_INGEST_TOKENS", "long-enough-for-one,", /HOPSCOPE_INGEST_TOKENS is not shown/],
    ["HOPSCOPE_UI_PASSWORD", "secret", /^HOPSCOPE_UI_PASSWORD is not shown here, but must be at least 16 characters\.$/],
    ["HOPSCOPE_INGEST_SPANS_PER_S", "0", /must be a whole number from 1/],
    ["HOPSCOPE_HOST", "0.0.0.0", /lets other machines in: set HOPSCOPE_INGEST_TOKENS and HOPSCOPE_UI_PASSWORD/],
    ["HOPSCOPE_HOST", "::", /lets other machines in/],
    ["HOPSCOPE_CORS_ORIGINS", "https://shop.example.com/", /must be origins such as https:\/\/shop.example.com, without a path/],
    ["HOPSCOPE_CORS_ORIGINS", "shop.example.com", /must be origins/],
    ["HOPSCOPE_CORS_ORIGINS", "https://*.*.example.com", /must be origins/],
    ["HOPSCOPE_CORS_ORIGINS", "https://a.example.com,", /must be origins/],
    ["HOPSCOPE_LOG_LEVEL", "verbose", 'HOPSCOPE_LOG_LEVEL is "verbose", but must be info, warn or error.'],
  ] as const)("stop the start when %s is %s, naming it, its value and what is allowed", ([name, value, message]) => {
    expect(() => readConfig({ [name]: value })).toThrow(message);
  });

  it("are all named at once where several are wrong, without their passwords", () => {
    const read = () => readConfig({ HOPSCOPE_PORT: "x", HOPSCOPE_CLICKHOUSE_URL: "ftp://me:secret@db" });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^HOPSCOPE_PORT.*\nHOPSCOPE_CLICKHOUSE_URL is "ftp:\/\/me:\*\*\*@db"/);
  });

  it("have origins as browsers write them", () => {
    const given = "https://Shop.example.com:443, http://localhost:*,https://*.example.com:8443,*";
    const written = ["https://shop.example.com", "http://localhost:*", "https://*.example.com:8443", "*"];
    expect(readConfig({ HOPSCOPE_CORS_ORIGINS: given }).corsOrigins).toEqual(written);
  });

  it.for([
    "http://me:sec/ret@db:8123",
    "http://me:s@cr:et@db:99999",
    "me:secret@db",
    "http://me:sec%ret@db",
    "http://me:sec%ff@db",
    "://:secret@db",
  ])("never show a password, whatever is wrong with the URL: %s", (url) => {
    expect(() => readConfig({ HOPSCOPE_CLICKHOUSE_URL: url })).toThrow(/^(?!.*(?:sec|s@cr|ret@)).*:\*\*\*@db/s);
  });

  it.for([
    { HOPSCOPE_INGEST_TOKENS: "first-token-123456, other-token-123456", HOPSCOPE_UI_PASSWORD: "a long enough password" },
    { HOPSCOPE_AUTH: "off" },
    { HOPSCOPE_HOST: "127.0.0.2" },
    { HOPSCOPE_HOST: "localhost" },
  ])("let other machines in with tokens and a password, or where that is switched off: %o", (env) => {
    expect(() => readConfig({ HOPSCOPE_HOST: "0.0.0.0", ...env })).not.toThrow();
  });

  // `npx vitest run --project unit collector/cli/config.test.ts -u` writes the page anew.
  it("are all on the page that describes them", async () => {
    await expect(settingsPage()).toMatchFileSnapshot("../../docs/configuration.md");
  });
});

describe("a variable that is none of the settings", () => {
  it.for([
    ["HOPSCOPE_RETENTION_DAY", ["HOPSCOPE_RETENTION_DAYS"]],
    ["HOPSCOPE_CLICKHOSUE_URL", ["HOPSCOPE_CLICKHOUSE_URL"]],
    ["HOPSCOPE_TOKENS", ["HOPSCOPE_INGEST_TOKENS"]],
    ["HOPSCOPE_RETENTION", ["HOPSCOPE_RETENTION_DAYS"]],
    ["HOPSCOPE_FLUSH_BUDGET_MS", []],
    ["HOPSCOPE_LOG_CONTEXT", []],
    ["OTHER_PORT", []],
    ["HOPSCOPE_PORT", []],
  ] as const)("is told where it looks like a mistake: %s", ([name, meant]) => {
    const told = misspelledSettings({ [name]: "1" });
    expect(told).toEqual(meant.map((one) => `${name} is no setting and changes nothing; there is ${one}.`));
  });
});
