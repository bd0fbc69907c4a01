# One image for operator and data plane; the command chooses: `node dist/operator.js` or `node dist/dataplane.js`.
# It only copies the bundles that `npm run build` wrote, so building it needs no network beyond the base image.
FROM docker.io/library/node:24-bookworm-slim
WORKDIR /app
COPY LICENSE package.json ./
COPY dist/ dist/
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
USER 65532:65532
CMD ["node", "dist/dataplane.js"]
