# The collector with its UI, storing in the ClickHouse that HOPSCOPE_CLICKHOUSE_URL names.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci && node scripts/run.mjs build

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    NODE_OPTIONS=--disable-warning=ExperimentalWarning \
    HOPSCOPE_HOST=0.0.0.0 \
    HOPSCOPE_DATA_DIR=/var/lib/hopscope
COPY package.json package-lock.json .npmrc ./
COPY schema schema
COPY collector collector
# Without the optional packages: the embedded database and the pinned Node are 700 MB that this image does not use.
RUN npm ci --omit=dev --omit=optional --workspace collector --workspace schema \
    && mkdir -p /var/lib/hopscope && chown node:node /var/lib/hopscope
COPY --from=build /app/ui/dist ui/dist
USER node
VOLUME /var/lib/hopscope
EXPOSE 4317 4318
HEALTHCHECK --interval=5s --timeout=2s CMD ["node", "-e", "fetch('http://127.0.0.1:4318/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# exec form, and no npm in between: SIGTERM reaches the collector.
# The options are those of scripts/collector-node.mjs.
CMD ["node", "--initial-old-space-size=64", "--max-semi-space-size=16", "collector/cli/main.ts", "start"]
