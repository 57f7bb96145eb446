# The agent of a cluster, with the one Helm that it knows. Put that program, `helm` 4.1.4 for Linux, beside the binaries; the agent
# refuses any other by its checksum.
#   docker build -f deploy/agent-kubernetes.Dockerfile -t hub.example.com/distr/agent:VERSION .
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
ARG BINARIES=target/dist
COPY --chmod=755 ${BINARIES}/distr-agent-kubernetes /usr/local/bin/
COPY --chmod=755 ${BINARIES}/helm /helm
USER 65532:65532
ENTRYPOINT ["distr-agent-kubernetes"]
CMD ["run"]
