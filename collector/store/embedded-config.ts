/** Configuration of the embedded server, as files that only their owner may read. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Unpacked blocks that are kept, bytes: those of the slots of a page of flows, and of the flows that are then opened.
 * Only reads of single traces ask for them, so that no scan drives them out.
 */
const unpackedCacheBytes = 128 * 1024 ** 2;
/** The user that the collector works as. */
export const STORE_USER = "hopscope";

/** What the server is told of its place on this machine. */
export interface EmbeddedConfig {
  readonly configDir: string;
  readonly dataPath: string;
  readonly password: string;
  readonly memoryLimitBytes: number;
}

/**
 * Writes `config.xml` and `users.xml` and returns the path of the first.
 *
 * The user `default` must exist without a password, as the bootstrap session runs as it; it is left with no
 * right but to open the listener and to wait. No system log table is configured, so none is ever written, and the
 * samplers that would write one are off: each thread of each query set their timers.
 * An insert is answered once its parts would survive a power cut, as its segment is removed from the log then.
 */
export function writeEmbeddedConfig({ configDir, dataPath, password, memoryLimitBytes }: EmbeddedConfig): string {
  mkdirSync(configDir, { recursive: true, mode: 0o700 });
  const configFile = join(configDir, "config.xml");
  const usersFile = join(configDir, "users.xml");
  writeFileSync(
    configFile,
    `<clickhouse>
  <users_config>${escapeXml(usersFile)}</users_config>
  <tmp_path>${escapeXml(join(dataPath, "tmp"))}/</tmp_path>
  <max_server_memory_usage>${String(memoryLimitBytes)}</max_server_memory_usage>
  <mark_cache_size>268435456</mark_cache_size>
  <uncompressed_cache_size>${String(unpackedCacheBytes)}</uncompressed_cache_size>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <max_concurrent_queries>100</max_concurrent_queries>
  <keep_alive_timeout>30</keep_alive_timeout>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`,
    { mode: 0o600 },
  );
  writeFileSync(
    usersFile,
    `<clickhouse>
  <profiles>
    <default>
      <query_profiler_real_time_period_ns>0</query_profiler_real_time_period_ns>
      <query_profiler_cpu_time_period_ns>0</query_profiler_cpu_time_period_ns>
      <memory_profiler_step>0</memory_profiler_step>
    </default>
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>::1</ip><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <${STORE_USER}>
      <password>${escapeXml(password)}</password>
      <networks><ip>::1</ip><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </${STORE_USER}>
  </users>
</clickhouse>
`,
    { mode: 0o600 },
  );
  return configFile;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
