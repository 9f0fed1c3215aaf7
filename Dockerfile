# docker build -t sluice .                              the gateway, and sluice-sidecar for images of your own
# docker build -t sluice-examples --target examples .   the example services of docker-compose.yml

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Our own `prepare` would build before the sources are there.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/tsconfig.build.json scripts/
COPY src src
COPY sidecar sidecar
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim AS base
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN chmod +x dist/src/cli/main.js dist/sidecar/main.js \
    && ln -s /app/dist/src/cli/main.js /usr/local/bin/sluice \
    && ln -s /app/dist/sidecar/main.js /usr/local/bin/sluice-sidecar
USER node

# The sidecar is the first process of its container, so SIGTERM reaches it: it deregisters, drains, then stops the
# program. It also collects what the program leaves behind (sidecar/init.ts), so neither tini nor `--init` is needed.
# npx in front would be the first process instead, and would pass signals on badly and collect nothing.
FROM base AS examples
COPY examples/orders-plain.mjs examples/users-plain.mjs examples/
ENTRYPOINT ["sluice-sidecar"]

# The gateway is the first process and starts no others: it drains at SIGTERM, and there is nothing to collect.
FROM base AS sluice
EXPOSE 8080 9901
ENTRYPOINT ["sluice"]
CMD ["gateway"]
