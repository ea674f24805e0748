package vigie.agent;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.expose.Exposition;
import vigie.agent.expose.Health;
import vigie.agent.expose.ProbeEndpoint;
import vigie.agent.facts.Facts;
import vigie.agent.facts.FactsConfig;
import vigie.agent.facts.Hardware;
import vigie.agent.metric.EachSeries;
import vigie.agent.metric.Meters;
import vigie.agent.metric.NodeCollector;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.probe.Listening;
import vigie.agent.probe.ProbeTools;
import vigie.agent.probe.Probes;
import vigie.agent.push.Push;
import vigie.agent.push.PushConfig;
import vigie.agent.reader.GatewayReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.agent.ship.Ship;
import vigie.agent.source.GoingDown;
import vigie.agent.source.SourceTools;
import vigie.agent.source.Sources;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.base.config.ConfigException;
import vigie.base.http.HttpClient;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.net.SocketOwners;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/** A running agent: all parts, made in the order in which they need each other. */
final class Agent implements AutoCloseable {
  private static final Duration STATES_EVERY = Duration.ofHours(1);
  private static final Logger log = LoggerFactory.getLogger(Agent.class);
  private static final HttpServer.Limits HTTP_LIMITS = new HttpServer.Limits(64 * 1024, 128);
  private static final String SOFTWARE = "vigie-agent," + Version.VIGIE;
  private static final int MOST_LOOKUPS = 10_000;
  // A probe of a file server that is gone holds one of these until its timeout and beyond.
  private static final int MOST_BLOCKING = 16;
  // Each mount of a file server that is gone holds a thread until it answers; the local disks must
  // still find one.
  private static final int MOST_HANGING_MOUNTS = 32;
  // At most one for each collector, but a reload makes new ones while the old still hang.
  private static final int MOST_HANGING_READINGS = 64;

  // Those of a source that was replaced may hang on for a moment.
  private static final int MOST_SOURCE_THREADS = 64;
  private static final int MOST_LOG_TASKS = 64;

  private final Closing closing;
  private final Probes probes;
  private final Sources sources;
  private final ProbeEndpoint onDemand;
  private final Consumer<AgentConfig> collectors;
  private final int port;
  private final AtomicInteger reloadSuccessful;
  private AgentConfig config; // guarded by this

  private Agent(
      Closing closing,
      AgentConfig config,
      Probes probes,
      Sources sources,
      ProbeEndpoint onDemand,
      Consumer<AgentConfig> collectors,
      int port,
      AtomicInteger reloadSuccessful) {
    this.closing = closing;
    this.config = config;
    this.probes = probes;
    this.sources = sources;
    this.onDemand = onDemand;
    this.collectors = collectors;
    this.port = port;
    this.reloadSuccessful = reloadSuccessful;
  }

  /**
   * Starts everything.
   *
   * @throws ConfigException if something that the operator can change keeps it from starting;
   *     nothing goes on running then
   */
  static Agent start(AgentConfig config, Roots roots) {
    Closing closing = new Closing();
    try {
      return start(config, roots, closing);
    } catch (RuntimeException | Error e) {
      closing.close();
      throw e;
    }
  }

  private static Agent start(AgentConfig config, Roots roots, Closing closing) {
    Clock clock = Clock.system();
    PrometheusRegistry registry = new PrometheusRegistry();
    MeterRegistry meters = Meters.in(registry);
    Threads threads = new Threads(meters);
    ThreadScheduler scheduler =
        closing.add(
            "scheduler",
            new ThreadScheduler(
                threads.named("scheduler"), failure -> threads.failed("scheduler", failure)));
    EventLoops loops = closing.add("event loops", EventLoops.nio(1, "vigie-net"));

    Executor disk = closing.add("disk thread", threads.single("disk"));
    Host host = Host.read(config.node(), roots.procfs(), roots.sysfs(), roots.rootfs());
    Spool spool =
        closing.add(
            "spool",
            Spool.open(config.spool(), host, clock, scheduler, disk, FileLayer.disk(), meters));
    Executor lookups = closing.add("lookups", threads.bounded("lookup", 4, MOST_LOOKUPS));
    Executor blocking =
        closing.add("blocking", threads.bounded("blocking", MOST_BLOCKING, MOST_LOOKUPS));
    Executor telling = closing.add("telling", threads.single("tell"));
    ProbeTools tools =
        new ProbeTools(roots, clock, scheduler, loops, Lookup.SYSTEM, lookups, blocking);
    Systemd systemd = closing.add("systemd", Systemd.host(roots, clock));
    EventSink events = new GoingDown(spool, roots, systemd, clock);
    Probes probes = new Probes(tools, events, telling, meters);

    Executor shipping = closing.add("shipping", threads.single("ship"));
    List<Ship> live = new CopyOnWriteArrayList<>(); // the one below, once it is there
    Ship ship =
        closing.add(
            "ship",
            new Ship(
                config.ship(),
                SOFTWARE,
                spool,
                loops,
                shipping,
                clock,
                scheduler,
                () -> connected(spool, roots, clock, probes, live),
                meters));

    live.add(ship);

    Facts facts = facts(config.facts(), roots, threads, clock, scheduler, meters, closing);
    Executor mounts = closing.add("mounts threads", threads.direct("mounts", MOST_HANGING_MOUNTS));
    Executor reading =
        closing.add("reading threads", threads.direct("read", MOST_HANGING_READINGS));
    Function<AgentConfig, NodeMetrics> metrics =
        of ->
            NodeMetrics.host(roots, clock, mounts, of.collectors())
                .with(of.nodeMeta(), Version.VIGIE)
                .with(facts)
                .with(probes);
    NodeCollector node = metrics.apply(config).collector(reading);
    registry.register(node);
    AtomicInteger reloadSuccessful = describe(config, meters);

    Routes routes = new Routes();
    new Exposition(registry, node, meters, clock).addTo(routes);
    ProbeEndpoint onDemand = new ProbeEndpoint(tools, config.onDemand());
    onDemand.addTo(routes);
    new Health(() -> "").addTo(routes);
    new Drill(tools, events, spool, ship, telling, clock, scheduler, meters).addTo(routes);
    Executor requests = closing.add("requests", threads.bounded("http", 2, 64));
    Executor passwords = closing.add("passwords thread", threads.bounded("password", 1, 16));
    WebAccess access = WebAccess.of(config.webConfig(), clock, passwords, meters);
    HttpServer http =
        closing.add("http server", listen(config, roots, loops, access, requests, routes));

    if (config.push() != null) {
      push(
          config,
          config.push(),
          registry,
          loops,
          lookups,
          threads,
          clock,
          scheduler,
          meters,
          closing);
    }
    Executor sourcing =
        closing.add("source threads", threads.direct("source", MOST_SOURCE_THREADS));
    Executor writing = closing.add("log thread", threads.bounded("log", 1, MOST_LOG_TASKS));
    Sources sources =
        new Sources(
            config.sources(),
            new SourceTools(
                roots, clock, scheduler, sourcing, writing, events, spool, systemd, meters));
    Place boot = sources.bootPlace();
    Place name = new Place("node", config.node());
    List<Place> start = boot == null ? List.of(name) : List.of(name, boot);
    String before = spool.cursor(name.source());
    String renamed = before == null || before.equals(config.node()) ? "" : before;
    tell(spool, clock, EventType.AGENT_START, "agent started", renamed, start);
    closing.add(
        "agent.stop event",
        () -> tell(spool, clock, EventType.AGENT_STOP, "agent stops", "", sources.places()));
    closing.add("node.shutdown event", sources::tellShutdown);
    closing.add("sources", sources).start();
    ship.start();
    // The first to be closed: at a shutdown the services of this node go down, too.
    closing.add("probes", probes).configure(config.probes());
    // A state that the collector got wrong or lost is right again within the hour; never spooled,
    // so no disk wakes.
    scheduler.every(
        STATES_EVERY,
        STATES_EVERY,
        () -> {
          probes.statesNow().forEach(state -> ship.tell(spool.unspooled(state)));
          ship.tell(spool.unspooled(agentState(spool, roots, clock)));
        });
    log.info(
        "agent started version={} node={} listen={} collector={} probes={}",
        Version.VIGIE,
        config.node(),
        Addresses.format(
            InetSocketAddress.createUnresolved(config.listen().getHostString(), http.port())),
        config.ship().targets(),
        config.probes().size());
    Consumer<AgentConfig> collectors = changed -> node.replace(metrics.apply(changed));
    return new Agent(
        closing, config, probes, sources, onDemand, collectors, http.port(), reloadSuccessful);
  }

  /** The port of {@code /metrics}. */
  int port() {
    return port;
  }

  /** Null where they are turned off. */
  private static @Nullable Facts facts(
      FactsConfig config,
      Roots roots,
      Threads threads,
      Clock clock,
      ThreadScheduler scheduler,
      MeterRegistry meters,
      Closing closing) {
    if (!config.enabled()) {
      return null;
    }
    Executor asking = closing.add("facts thread", threads.direct("facts", 1));
    Hardware hardware = Hardware.host(roots.procfs(), roots.sysfs(), config.serials());
    return closing.add(
        "facts", new Facts(hardware, clock, scheduler, asking, config.every(), meters));
  }

  /** Takes another configuration over, as far as that is possible without a restart. */
  synchronized void reload(AgentConfig fresh) {
    List<String> later = new ArrayList<>();
    if (!fresh.node().equals(config.node())) {
      later.add("node");
    }
    if (!fresh.labels().equals(config.labels())) {
      later.add("labels");
    }
    if (!fresh.listen().equals(config.listen())) {
      later.add("listen");
    }
    if (!Objects.equals(fresh.webConfig(), config.webConfig())) {
      later.add("web_config_file");
    }
    if (!fresh.ship().equals(config.ship())) {
      later.add("collector");
    }
    if (!Objects.equals(fresh.push(), config.push())) {
      later.add("push");
    }
    if (!fresh.facts().equals(config.facts())) {
      later.add("facts");
    }
    if (!fresh.spool().equals(config.spool())) {
      later.add("spool");
    }
    if (!later.isEmpty()) {
      log.warn("these keys take effect after a restart keys={}", String.join(",", later));
    }
    if (!fresh.collectors().equals(config.collectors())
        || !fresh.nodeMeta().equals(config.nodeMeta())) {
      collectors.accept(fresh);
    }
    probes.configure(fresh.probes());
    sources.reload(fresh.sources());
    onDemand.configure(fresh.onDemand());
    config = fresh;
    reloadSuccessful.set(1);
    log.info("configuration reloaded probes={}", fresh.probes().size());
  }

  /** Notes that a configuration was wrong and the old one stays. */
  void reloadFailed(ConfigException fault) {
    reloadSuccessful.set(0);
    for (String each : fault.faults()) {
      log.error("configuration is wrong, the old one stays fault=\"{}\"", each);
    }
  }

  /** Stops everything in reverse order; what was taken is on the disk then. */
  @Override
  public void close() {
    closing.close();
    log.info("agent stopped");
  }

  private static void push(
      AgentConfig config,
      PushConfig push,
      PrometheusRegistry registry,
      EventLoops loops,
      Executor lookups,
      Threads threads,
      Clock clock,
      ThreadScheduler scheduler,
      MeterRegistry meters,
      Closing closing) {
    Executor pushing = closing.add("push thread", threads.single("push"));
    HttpClient client =
        new HttpClient(loops, lookups, Lookup.SYSTEM, push.url(), push.tls(), push.timeout());
    try {
      closing
          .add(
              "push",
              new Push(
                  push,
                  config.node(),
                  "vigie-agent/" + Version.VIGIE,
                  make -> new EachSeries<>(registry, make),
                  client,
                  pushing,
                  FileLayer.disk(),
                  clock,
                  scheduler,
                  meters))
          .start();
    } catch (UncheckedIOException e) {
      throw new ConfigException(e.getMessage() + "; set another push.path or spool: memory");
    }
  }

  private static HttpServer listen(
      AgentConfig config,
      Roots roots,
      EventLoops loops,
      WebAccess access,
      Executor requests,
      Routes routes) {
    try {
      return new HttpServer(loops, config.listen(), HTTP_LIMITS, access, requests, routes);
    } catch (UncheckedIOException e) {
      throw new ConfigException(
          e.getMessage() + holder(config.listen(), roots) + "; set another listen");
    }
  }

  /** {@code : python3 (process 812) listens there}, or nothing where that is not known. */
  static String holder(InetSocketAddress address, Roots roots) {
    InetSocketAddress resolved = new InetSocketAddress(address.getHostString(), address.getPort());
    InetAddress host = resolved.getAddress();
    SocketOwners.Owner holder =
        host == null ? null : new Listening(roots.procfs()).holder(host, address.getPort());
    return holder == null ? "" : ": " + holder + " listens there; stop it";
  }

  /** Meters that say what this agent is; gives the one that reloads set. */
  private static AtomicInteger describe(AgentConfig config, MeterRegistry meters) {
    Gauge.builder("vigie.build.info", () -> 1)
        .description("The version of the agent and of the Java that runs it.")
        .tags("version", Version.VIGIE, "java", Version.JAVA)
        .strongReference(true)
        .register(meters);
    Tags labels = Tags.of("node", config.node());
    for (Map.Entry<String, String> label : config.labels().entrySet()) {
      labels = labels.and(label.getKey(), label.getValue());
    }
    Gauge.builder("vigie.node.labels", () -> 1)
        .description("The labels that the configuration gives to this node.")
        .tags(labels)
        .strongReference(true)
        .register(meters);
    AtomicInteger reloadSuccessful = new AtomicInteger(1);
    Gauge.builder("vigie.config.last.reload.successful", reloadSuccessful, AtomicInteger::get)
        .description("Whether the configuration that was last read was taken over.")
        .strongReference(true)
        .register(meters);
    return reloadSuccessful;
  }

  /** A session says whose it is by its events: without one the node would not count as heard. */
  private static void connected(
      Spool spool, Roots roots, Clock clock, Probes probes, List<Ship> live) {
    // Before what is told now waits in the spool, too.
    Event state = agentState(spool, roots, clock);
    if (probes.statesNow().isEmpty()) {
      tell(spool, clock, EventType.AGENT_CONNECTED, "agent connected", "", List.of());
    } else {
      probes.tellAll();
    }
    live.forEach(ship -> ship.tell(spool.unspooled(state)));
  }

  /** What the collector lists of an agent; told on a live session only, so that no disk wakes. */
  private static Event agentState(Spool spool, Roots roots, Clock clock) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("version", Version.VIGIE);
    fields.put("java", Version.JAVA);
    long pending = Math.max(0, spool.last() - spool.acknowledged());
    fields.put("pending", Long.toString(pending));
    GatewayReader.Gateway gateway = GatewayReader.read(roots);
    put(fields, "gateway", gateway.address());
    put(fields, "gateway_mac", gateway.mac());
    put(fields, "macs", String.join(",", gateway.own()));
    String text = "agent connected, " + pending + " events waited in the spool";
    return new Event(clock.now(), Severity.INFORMATIONAL, EventType.AGENT_STATE, fields, text);
  }

  private static void put(Map<String, String> fields, String name, String value) {
    if (!value.isEmpty()) {
      fields.put(name, value);
    }
  }

  /**
   * @param renamed what the node was called when its agent ran last; {@code ""} for no other name
   */
  private static void tell(
      EventSink events,
      Clock clock,
      EventType type,
      String text,
      String renamed,
      List<Place> places) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("version", Version.VIGIE);
    fields.put("java", Version.JAVA);
    if (!renamed.isEmpty()) {
      fields.put("renamed_from", renamed);
    }
    try {
      events.accept(
          new Event(
              clock.now(),
              Severity.INFORMATIONAL,
              type,
              fields,
              text + ", version " + Version.VIGIE + " on Java " + Version.JAVA,
              places));
    } catch (UncheckedIOException e) {
      log.error("event not spooled type={} cause=\"{}\"", type.wire(), e.getMessage());
    }
  }
}
