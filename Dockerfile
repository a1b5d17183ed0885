# The environment is built where a compiler's worth of tools may lie about, and copied without them.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/gateway
COPY requirements/runtime.lock requirements/
RUN /opt/gateway/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/gateway/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/gateway/bin/pip check \
 && /opt/gateway/bin/pip uninstall --yes --quiet hatchling editables pip

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gateway \
 && install --directory --owner=gateway --mode=700 /var/lib/customer-gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1
# The database, unless one is configured; name the volume, or its keys end with the container.
ENV XDG_STATE_HOME=/var/lib
VOLUME /var/lib/customer-gateway
WORKDIR /etc/customer-gateway
USER gateway
EXPOSE 8000
# Where the gateway listens, and the health check asks: for another port set this, instead of giving --port.
ENV CUSTOMER_GATEWAY_LISTEN_PORT=8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import os; from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:' + os.environ['CUSTOMER_GATEWAY_LISTEN_PORT'] + '/livez', timeout=2)"]
# gateway.toml is looked for in the working directory. Without a key, an issuer or `anonymous` serve does not listen here
# and says what to do: docs/deploying.md.
ENTRYPOINT ["customer-gateway"]
CMD ["serve", "--host", "0.0.0.0"]
