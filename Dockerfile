# One image for operator, data plane and backup pods; the command chooses: `node dist/operator.js`, `node dist/dataplane.js`
# or `node dist/backup.js`.
# It only copies the bundles that `npm run build` wrote, so building it needs no network beyond the base image.
FROM docker.io/library/node:24-bookworm-slim
WORKDIR /app
COPY LICENSE package.json ./
COPY dist/ dist/
# Source maps lie beside the bundles and are off: Node would hold them parsed, which doubles a process's memory (an idle
# data plane takes 105 MB without and 220 MB with them). The bundles are not minified, so a stack trace still names its
# functions; NODE_OPTIONS=--enable-source-maps in a container's env gives it the lines of the sources.
ENV NODE_ENV=production
USER 65532:65532
CMD ["node", "dist/dataplane.js"]
