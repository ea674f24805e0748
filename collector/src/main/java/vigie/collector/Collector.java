package vigie.collector;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.ReloadingTls;
import vigie.base.net.ServerTls;
import vigie.base.net.SocketOwners;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.base.time.ThreadScheduler;
import vigie.collector.alert.Acknowledgements;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.PostedAlerts;
import vigie.collector.alert.Transitions;
import vigie.collector.api.MetricsApi;
import vigie.collector.api.alertmanager.AlertmanagerApi;
import vigie.collector.api.loki.LokiApi;
import vigie.collector.api.prometheus.Cors;
import vigie.collector.api.prometheus.QueryApi;
import vigie.collector.api.prometheus.QueryConfig;
import vigie.collector.api.prometheus.RulesApi;
import vigie.collector.api.prometheus.SeriesApi;
import vigie.collector.api.prometheus.StatusApi;
import vigie.collector.api.prometheus.TargetsApi;
import vigie.collector.api.vigie.AlertActionsApi;
import vigie.collector.api.vigie.AlertsApi;
import vigie.collector.api.vigie.DrillsApi;
import vigie.collector.api.vigie.EventFeed;
import vigie.collector.api.vigie.EventsApi;
import vigie.collector.api.vigie.NodesApi;
import vigie.collector.api.vigie.OutboxApi;
import vigie.collector.bot.Bots;
import vigie.collector.bot.Desk;
import vigie.collector.card.CardPages;
import vigie.collector.card.Changes;
import vigie.collector.card.LiveCards;
import vigie.collector.card.Runbooks;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Dispatcher;
import vigie.collector.dispatch.Insistence;
import vigie.collector.dispatch.Integration;
import vigie.collector.dispatch.MarkHistory;
import vigie.collector.dispatch.PastEvents;
import vigie.collector.dispatch.Receiver;
import vigie.collector.dispatch.Routing;
import vigie.collector.dispatch.Surroundings;
import vigie.collector.drill.Drills;
import vigie.collector.event.EventIntake;
import vigie.collector.event.EventSeries;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.Nodes;
import vigie.collector.notify.discord.DiscordBot;
import vigie.collector.notify.discord.DiscordBotConfig;
import vigie.collector.notify.discord.DiscordClient;
import vigie.collector.notify.discord.DiscordWebhook;
import vigie.collector.notify.discord.DiscordWebhookConfig;
import vigie.collector.notify.terminal.TerminalConfig;
import vigie.collector.notify.terminal.TerminalNotifier;
import vigie.collector.notify.webhook.Webhook;
import vigie.collector.notify.webhook.WebhookConfig;
import vigie.collector.outbox.AckMessages;
import vigie.collector.outbox.Escalations;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outbox;
import vigie.collector.outbox.ReceiverAlerts;
import vigie.collector.outbox.SentHistory;
import vigie.collector.promql.Engine;
import vigie.collector.receive.PeerFaults;
import vigie.collector.receive.ReceiveConfig;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.relp.RelpReceiver;
import vigie.collector.receive.remotewrite.RemoteWriteReceiver;
import vigie.collector.receive.syslog.SyslogReceiver;
import vigie.collector.remote.RemoteReads;
import vigie.collector.remote.RemoteWrites;
import vigie.collector.rule.RuleEngine;
import vigie.collector.rule.RuleFiles;
import vigie.collector.rule.RuleGroup;
import vigie.collector.rule.RuleOptions;
import vigie.collector.scrape.Scraper;
import vigie.collector.silence.Silences;
import vigie.collector.store.event.EventStoreOptions;
import vigie.collector.store.event.LogEventStore;
import vigie.collector.store.sample.DiskSampleStore;
import vigie.collector.store.sample.SampleStoreOptions;
import vigie.collector.store.state.HistoryLog;
import vigie.collector.store.state.LogAcknowledgementStore;
import vigie.collector.store.state.LogAlertStore;
import vigie.collector.store.state.LogDispatchStore;
import vigie.collector.store.state.LogOutboxStore;
import vigie.collector.store.state.LogPostedAlertStore;
import vigie.collector.store.state.LogSilenceStore;
import vigie.collector.store.state.StateLog;
import vigie.collector.web.Guard;
import vigie.collector.web.NewsFeed;
import vigie.collector.web.NewsFeed.Topic;
import vigie.collector.web.PageApi;
import vigie.collector.web.PageFiles;
import vigie.collector.web.SignIns;

/**
 * The running collector. {@link #start} wires everything in one straight line, from what is stored
 * to what listens; closing goes the other way.
 */
final class Collector implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Collector.class);
  private static final int HTTP_QUEUE = 256;
  private static final int BOT_QUEUE = 64;
  private static final int CARD_QUEUE = 16;
  private static final Duration CERTIFICATES_EVERY = Duration.ofSeconds(5);
  private static final Duration ESCALATIONS_EVERY = Duration.ofSeconds(5);
  private static final Duration SESSIONS_EVERY = Duration.ofSeconds(5);
  private static final HttpServer.Limits HTTP_LIMITS = new HttpServer.Limits(4 << 20, 512);

  private final Optional<Path> file;
  private final Closing closing = new Closing();
  private volatile CollectorConfig config;
  private volatile boolean ready;

  // Set by start, in its order.
  private LiveCards cards;
  private DiscordClient discord;
  private EventLoops loops;
  private EventLoops relpLoops;
  private ExecutorService lookups;
  private Outbox outbox;
  private ReceiverAlerts receiverAlerts;
  private Escalations escalations;
  private Dispatcher dispatcher;
  private RuleEngine rules;
  private Nodes nodes;
  private RemoteWrites remoteWrites;
  private RemoteReads remoteReads;
  private Scraper scraper;
  private Bots bots;
  private Routes routes;
  private SignIns signIns;
  private HttpServer http;
  private Receiving receiving;
  private RelpReceiver relp;
  private @Nullable HttpServer remoteWrite;

  /**
   * Starts everything.
   *
   * @throws RuntimeException that tells a person why not; what was opened is closed again
   */
  static Collector start(Optional<Path> file, CollectorConfig config) {
    Collector collector = new Collector(file, config);
    try {
      collector.start();
      return collector;
    } catch (RuntimeException | Error e) {
      collector.close();
      throw e;
    }
  }

  @SuppressWarnings("NullAway.Init") // start sets the rest before anybody else sees this
  private Collector(Optional<Path> file, CollectorConfig config) {
    this.file = file;
    this.config = config;
  }

  private void start() {
    Clock clock = Clock.system();
    PrometheusRegistry registry = new PrometheusRegistry();
    PrometheusMeterRegistry meters =
        new PrometheusMeterRegistry(
            PrometheusConfig.DEFAULT, registry, io.micrometer.core.instrument.Clock.SYSTEM);
    meters.config().meterFilter(MeterFilter.deny(id -> id.getType() == Meter.Type.OTHER));
    ProcessMeters.register(meters);
    Threads threads = new Threads(meters);

    loops = closing.add("event loops", EventLoops.fastest(2, "vigie-net"));
    relpLoops = closing.add("RELP event loops", EventLoops.fastest(2, "vigie-relp"));
    var scheduler =
        closing.add(
            "scheduler", new ThreadScheduler(threads.factory("scheduler", false), threads::failed));

    // What is stored.
    Path storage = config.storage();
    var state = closing.add("state", StateLog.open(storage.resolve("state")));
    var remoteSending = closing.add("remote write thread", threads.pool("remote", 1, 0));
    var remoteLooking = closing.add("remote write lookups", threads.pool("remote-lookup", 2, 0));
    remoteWrites =
        closing.add(
            "remote writes",
            new RemoteWrites(
                storage.resolve("remote"),
                FileLayer.disk(),
                loops,
                remoteSending,
                remoteLooking,
                clock,
                scheduler,
                meters));
    remoteWrites.configure(config.remoteWrites(), config.remoteWriteBytes());
    var sampleWriter = closing.add("sample writer", threads.pool("sample-writer", 1, 0));
    var sampleKeeper = closing.add("sample keeper", threads.pool("sample-keeper", 1, 0));
    var samples =
        closing.add(
            "sample store",
            DiskSampleStore.open(
                storage.resolve("samples"),
                sampleOptions(),
                FileLayer.disk(),
                clock,
                scheduler,
                sampleWriter,
                sampleKeeper,
                meters));
    samples.tapTo(remoteWrites);
    remoteReads = new RemoteReads(samples, samples::oldestMillis, loops, remoteLooking, meters);
    remoteReads.configure(config.remoteReads());
    var writer = closing.add("event writer", threads.pool("event-writer", 1, 0));
    var filler = closing.add("event filler", threads.pool("event-filler", 1, 0));
    var events =
        closing.add(
            "event store",
            LogEventStore.open(
                storage.resolve("events"),
                EventStoreOptions.keeping(config.events(), config.eventsBytes()),
                clock,
                scheduler,
                writer,
                filler,
                meters));

    // What people say to alerts, and what happened to these.
    var recording = closing.add("history thread", threads.pool("history", 1, 0));
    var history =
        closing.add(
            "history",
            HistoryLog.open(
                storage.resolve("history"),
                config.history(),
                config.historyBytes(),
                FileLayer.disk(),
                clock,
                scheduler,
                recording,
                meters));
    var stating = closing.add("state thread", threads.pool("state", 1, 0));
    var silences =
        new Silences(
            new LogSilenceStore(state),
            config.silences(),
            history,
            clock,
            scheduler,
            stating,
            meters);
    var acknowledgements =
        new Acknowledgements(new LogAcknowledgementStore(state), history, clock, meters);

    // From alerts to people.
    var engine = new Engine(samples, config.query().engine(), clock);
    var changes = new Changes();
    var drawing = closing.add("card thread", threads.pool("card", 1, CARD_QUEUE));
    cards =
        new LiveCards(engine, changes, clock, scheduler, drawing, meters, ZoneId.systemDefault());
    cards.load(config.rules());
    cards.warm();
    var outgoing = closing.add("outgoing", threads.pool("outgoing", 2, 0));
    discord = new DiscordClient(outgoing, clock, scheduler);
    lookups = outgoing;
    var sender = closing.add("outbox thread", threads.pool("outbox", 1, 0));
    var ways = notifiers(config);
    outbox =
        closing.add(
            "outbox",
            new Outbox(
                new LogOutboxStore(state),
                ways,
                clock,
                scheduler,
                sender,
                meters,
                () -> ThreadLocalRandom.current().nextDouble()));
    var feeding = closing.add("event stream thread", threads.pool("event-stream", 1, 0));
    var news = new NewsFeed(clock, scheduler, feeding, meters);
    var drills =
        new Drills(
            outbox,
            samples,
            (drill, event) -> rules.trigger(drill, event),
            drill -> rules.trigger(drill),
            clock,
            scheduler,
            meters);
    var dispatching = closing.add("dispatch", threads.pool("dispatch", 1, 0));
    dispatcher =
        new Dispatcher(
            config.routing(),
            drills.behindRoutes(outbox),
            new LogDispatchStore(state),
            surroundings(silences, acknowledgements, history, news, clock),
            clock,
            scheduler,
            dispatching,
            meters);

    silences.listen(dispatcher::silencesChanged);
    acknowledgements.listen(dispatcher::acknowledged);
    var ackMessages = new AckMessages(outbox, acknowledgements);
    acknowledgements.listen(changed -> sender.execute(() -> ackMessages.changed(changed)));
    silences.listen(() -> news.changed(Topic.ALERTS));
    acknowledgements.listen(changed -> news.changed(Topic.ALERTS));
    outbox.onSent(new SentHistory(history)::sent);
    outbox.onSent((wanted, sent) -> news.changed(Topic.OUTBOX));
    var transitions =
        new Transitions(
            history,
            told -> {
              dispatcher.accept(told);
              news.changed(Topic.ALERTS);
            });
    receiverAlerts = new ReceiverAlerts(transitions, clock, outbox.open());
    outbox.onStuck(receiverAlerts::stuck);
    escalations =
        new Escalations(
            outbox,
            incident ->
                incident.isSuppressed() || acknowledgements.cover(incident.in(AlertState.FIRING)),
            clock);
    insist(config.routing());
    var posted =
        new PostedAlerts(
            new LogPostedAlertStore(state),
            config.posted(),
            () -> config.resolveTimeout(),
            transitions,
            clock,
            scheduler,
            stating,
            meters);

    // From samples and events to alerts.
    var evaluating = closing.add("rule threads", threads.pool("rule", 2, 0));
    rules =
        closing.add(
            "rules",
            new RuleEngine(
                engine,
                samples,
                drills.behindRules(transitions),
                new LogAlertStore(state),
                clock,
                scheduler,
                evaluating,
                meters,
                RuleOptions.defaults()
                    .withExternal(config.externalLabels(), config.externalUrl())));
    var intake = new EventIntake(events, clock, meters);
    var emitting = closing.add("node events", threads.pool("node", 1, 0));
    nodes =
        new Nodes(
            config.nodes(), clock, scheduler, intake, emitting, samples, rules::trigger, meters);
    var series =
        new EventSeries(samples, clock, scheduler, nodes::isSilent, rules::trigger, meters);
    intake.listen(nodes);
    intake.listen(series);
    intake.listen(silences);
    intake.listen(drills);
    var feed = new EventFeed(events, clock, scheduler, feeding, meters);
    intake.listen(feed);
    intake.listen(new PastEvents(dispatcher, scheduler, dispatching));
    intake.listen(changes);

    // Back to where the last life ended, before anything new comes in.
    nodes.restore(events);
    series.restore(events);
    changes.restore(events, clock.now());
    drills.start(events, intake, emitting);
    intake.start();
    rules.load(rulesOf(config));
    posted.start();
    Supplier<List<Alert>> alerts =
        () -> Alert.join(rules.alerts(), posted.alerts(), receiverAlerts.active());
    news.watch(Topic.ALERTS, () -> Digests.alerts(alerts.get()));
    news.watch(Topic.NODES, () -> Digests.nodes(nodes.list()));
    news.watch(Topic.OUTBOX, () -> Digests.cards(outbox.pending()));
    List<Alert> firing = alerts.get().stream().filter(a -> a.state() == AlertState.FIRING).toList();
    dispatcher.start(firing);
    acknowledgements.keepOnly(dispatcher.open());
    outbox.start();
    scheduler.every(ESCALATIONS_EVERY, ESCALATIONS_EVERY, () -> sender.execute(escalations::look));
    firstLook(ways);
    // Its threads begin with the first bot; nothing here waits for Discord.
    var connecting = closing.add("bot threads", threads.pool("bot", 4, 0));
    var helping = closing.add("bot answers", threads.pool("bot-answer", 2, BOT_QUEUE));
    bots =
        closing.add(
            "bots",
            new Bots(
                new Desk(
                    alerts,
                    outbox::shown,
                    acknowledgements,
                    silences,
                    history,
                    nodes::list,
                    events::search,
                    engine,
                    clock),
                connecting,
                helping,
                scheduler,
                () -> ThreadLocalRandom.current().nextDouble(),
                meters));
    bots.configure(bots(config.routing()), config.texts().language());

    // What comes in.
    // Not the threads that parse: a name that cannot be looked up takes its time.
    var fetching = closing.add("fetch threads", threads.pool("fetch", 4, 0));
    var scraping = closing.add("scrape threads", threads.pool("scrape", 2, 0));
    scraper =
        closing.add(
            "scraper",
            new Scraper(
                loops,
                fetching,
                samples,
                clock,
                scheduler,
                scraping,
                (target, well) -> {
                  String node = target.labels().get("node");
                  if (well && !node.isEmpty()) {
                    nodes.heard(node);
                  }
                }));
    scraper.configure(config.scrapes());
    var taking = closing.add("receive threads", threads.pool("receive", 2, 0));
    var handshakes = closing.add("TLS threads", threads.pool("tls", 2, 0));
    ReceiveConfig receive = config.receive();
    receiving =
        closing.add(
            "receiving",
            new Receiving(receive.limits(), intake, taking, loops, clock, scheduler, meters));
    receiving.senders(receive.senders());
    receiving.router().routes(receive.routes());
    ReloadingTls tls = watched(receive.tls(), "relp", scheduler, meters);
    ReloadingTls syslogTls = watched(receive.syslogTlsAuth(), "syslog", scheduler, meters);
    var syslog = closing.add("syslog", new SyslogReceiver(receiving, loops, scheduler));
    receive
        .syslogUdp()
        .ifPresent(at -> listening("listen.syslog_udp", at, () -> syslog.listenUdp(at)));
    receive
        .syslogTcp()
        .ifPresent(
            at -> listening("listen.syslog_tcp", at, () -> syslog.listen(at, null, handshakes)));
    receive
        .syslogTls()
        .ifPresent(
            at ->
                listening("listen.syslog_tls", at, () -> syslog.listen(at, syslogTls, handshakes)));
    relp =
        closing.add(
            "relp",
            new RelpReceiver(
                receiving, relpLoops, "vigie," + Version.VERSION + ",vigie", scheduler));
    listening("listen.relp", receive.relp(), () -> relp.listen(receive.relp(), null, handshakes));
    receive
        .relpTls()
        .ifPresent(at -> listening("listen.relp_tls", at, () -> relp.listen(at, tls, handshakes)));
    scheduler.every(SESSIONS_EVERY, SESSIONS_EVERY, () -> nodes.connected(relp.sessions()));

    // What answers.
    var answering = closing.add("http threads", threads.pool("http", 4, HTTP_QUEUE));
    var passwords = closing.add("passwords thread", threads.pool("password", 1, 16));
    var access = WebAccess.of(config.webConfig().orElse(null), clock, passwords, meters);
    config
        .remoteWrite()
        .ifPresent(
            pushed -> {
              WebAccess who =
                  tls != null && pushed.webConfig().isEmpty()
                      ? WebAccess.by(tls::context, clock, meters)
                      : WebAccess.of(
                          pushed.webConfig().orElse(null),
                          "remote_write",
                          clock,
                          passwords,
                          meters);
              remoteWrite =
                  remoteWrite(
                      pushed.address(),
                      who,
                      receiving.faults(),
                      samples,
                      loops,
                      threads,
                      clock,
                      meters);
            });
    routes = new Routes();
    QueryConfig query = config.query();
    var querying =
        closing.add(
            "query threads", threads.pool("query", query.maxConcurrency(), query.maxQueued()));
    new QueryApi(new Engine(remoteReads, query.engine(), clock), clock, querying).routes(routes);
    new SeriesApi(samples).routes(routes);
    Instant started = Instant.ofEpochMilli(clock.millis());
    new StatusApi(samples, clock, () -> ShownState.of(config, file, started)).routes(routes);
    new RulesApi(rules).routes(routes);
    new TargetsApi(scraper, config.externalUrl(), config.http().getPort()).routes(routes);
    new AlertmanagerApi(
            alerts,
            posted,
            silences,
            dispatcher::mark,
            () -> config.routing(),
            () -> ShownState.alertmanager(file, config.routing()),
            clock,
            Version.VERSION)
        .routes(routes);
    new AlertsApi(alerts, () -> config.routing(), dispatcher::mark, history, outbox, events, clock)
        .routes(routes);
    new AlertActionsApi(alerts, acknowledgements, history, clock, () -> news.changed(Topic.ALERTS))
        .routes(routes);
    var searching = closing.add("search threads", threads.pool("search", 2, 32));
    new EventsApi(events, feed, clock, searching).routes(routes);
    new LokiApi(events, clock, searching, Version.VERSION).routes(routes);
    new NodesApi(nodes, (node, since, most) -> Changes.of(events, node, since, most), clock)
        .routes(routes);
    new OutboxApi(outbox).routes(routes);
    new DrillsApi(drills, () -> Addresses.format(relpAddress())).routes(routes);
    new MetricsApi(registry).routes(routes);
    routes.get("/-/healthy", request -> HttpAnswer.text(200, "Vigie is healthy.\n"));
    routes.get(
        "/-/ready",
        request -> HttpAnswer.text(ready ? 200 : 503, ready ? "Vigie is ready.\n" : "starting\n"));
    routes.post("/-/reload", this::reloadAnswer);
    new CardPages(cards, clock).routes(routes);
    new Runbooks().routes(routes);
    routes.get("/api/vigie", request -> HttpAnswer.text(200, FIRST_PAGE));
    var files = new PageFiles();
    signIns =
        new SignIns(access, config.web(), request -> PageApi.isOpen(files, request), clock, meters);
    access.visitors(signIns);
    new PageApi(files, signIns, access, news, Version.VERSION).routes(routes);
    HttpHandler all =
        new Guard(new Cors(routes, query.origins()), routes, signIns, config.externalUrl(), meters);
    HttpHandler handler = config.webConfig().isPresent() ? all : new OpenHttp(all);
    http =
        closing.add(
            "http",
            listening(
                "listen.http",
                config.http(),
                () ->
                    new HttpServer(loops, config.http(), HTTP_LIMITS, access, answering, handler)));
    closing.add("start of the stop", threads::stopping);
    ready = true;
    log.info(
        "collector started http={} relp={} storage={} rules={} targets={}",
        Addresses.format(config.http()),
        Addresses.format(config.receive().relp()),
        storage,
        config.rules().stream().mapToInt(g -> g.rules().size()).sum(),
        scraper.targets().size());
  }

  private static List<RuleGroup> rulesOf(CollectorConfig config) {
    List<RuleGroup> all = new ArrayList<>(config.rules());
    all.add(RuleFiles.drill());
    return all;
  }

  private InetSocketAddress relpAddress() {
    return InetSocketAddress.createUnresolved(config.receive().relp().getHostString(), relp.port());
  }

  /** Takes samples that are pushed. */
  private HttpServer remoteWrite(
      InetSocketAddress address,
      WebAccess access,
      PeerFaults faults,
      DiskSampleStore samples,
      EventLoops loops,
      Threads threads,
      Clock clock,
      MeterRegistry meters) {
    long heap = Runtime.getRuntime().maxMemory();
    Routes routes = new Routes();
    new RemoteWriteReceiver(
            samples,
            RemoteWriteReceiver.limits(heap),
            clock,
            (peer, node) -> config.receive().senders().mayTell(peer, node),
            nodes::heard,
            rules::trigger,
            faults,
            meters)
        .routes(routes);
    var taking = closing.add("remote write threads", threads.pool("remote-write", 2, 64));
    return closing.add(
        "remote write",
        listening(
            "listen.remote_write",
            address,
            () ->
                new HttpServer(
                    loops,
                    address,
                    RemoteWriteReceiver.serverLimits(heap),
                    access,
                    taking,
                    routes)));
  }

  /** What the dispatcher asks of nodes; they come after it. */
  private Surroundings surroundings(
      Silences silences,
      Acknowledgements acknowledgements,
      AlertHistory history,
      NewsFeed news,
      Clock clock) {
    return new Surroundings() {
      @Override
      public List<AlertMark.Silenced> silencing(Labels labels) {
        return silences.silencing(labels).stream()
            .flatMap(id -> silences.find(id).stream())
            .map(s -> new AlertMark.Silenced(s.id(), s.createdBy(), s.endsAt(), s.comment()))
            .toList();
      }

      @Override
      public AlertMark.@Nullable Acked acknowledged(String fingerprint) {
        return acknowledgements
            .of(fingerprint)
            .map(ack -> new AlertMark.Acked(ack.by(), ack.at(), ack.note()))
            .orElse(null);
      }

      @Override
      public void marked(String fingerprint, AlertMark before, AlertMark after) {
        MarkHistory.between(fingerprint, before, after, clock.now()).forEach(history::append);
        news.changed(Topic.ALERTS);
      }

      @Override
      public void over(Set<String> fingerprints) {
        acknowledgements.ended(fingerprints);
      }

      @Override
      public @Nullable Node node(String name) {
        return nodes.find(name).orElse(null);
      }

      @Override
      public String dependsOn(String node) {
        return nodes.dependsOn(node);
      }

      @Override
      public AlertMark.@Nullable Reach reach(String node) {
        Map<String, Boolean> seen = nodes.seenBy(node);
        return seen.isEmpty() ? null : AlertMark.Reach.of(node, seen);
      }
    };
  }

  /** The server's TLS, which reads its files again when they change; null where there is none. */
  private static @Nullable ReloadingTls watched(
      @Nullable ServerTls settings, String receiver, Scheduler scheduler, MeterRegistry meters) {
    if (settings == null) {
      return null;
    }
    ReloadingTls tls = new ReloadingTls(settings);
    scheduler.every(CERTIFICATES_EVERY, CERTIFICATES_EVERY, tls::look);
    Gauge.builder("vigie.receive.certificate.expiry.timestamp.seconds", tls, ReloadingTls::expiry)
        .description("When the certificate of the receiver ends")
        .tag("receiver", receiver)
        .strongReference(true)
        .register(meters);
    Gauge.builder("vigie.receive.certificate.good", tls, t -> t.isGood() ? 1 : 0)
        .description("Whether the receiver's certificate files were right when read last")
        .tag("receiver", receiver)
        .strongReference(true)
        .register(meters);
    return tls;
  }

  private SampleStoreOptions sampleOptions() {
    return SampleStoreOptions.keeping(config.samples(), config.samplesBytes())
        .withCoarse(
            List.of(
                new SampleStoreOptions.Resolution(Duration.ofHours(1), config.samples1h()),
                new SampleStoreOptions.Resolution(Duration.ofMinutes(5), config.samples5m())));
  }

  /** A port that is taken is told with who has it. */
  private static <T> T listening(String key, InetSocketAddress address, Supplier<T> opened) {
    try {
      return opened.get();
    } catch (UncheckedIOException e) {
      String holder = new SocketOwners(Path.of("/proc")).whoListens(address.getPort());
      throw new ConfigException(e.getMessage() + holder + "; set another " + key);
    }
  }

  private static final String FIRST_PAGE =
      """
      Vigie collector
        /api/vigie/alerts   alerts in all states        (collector alerts list)
        /api/vigie/nodes    nodes                       (collector nodes list)
        /api/vigie/events   events                      (collector events search)
        /api/vigie/outbox   cards still to be delivered
        /api/v1/...         Prometheus's HTTP API: query, query_range, rules, alerts, targets, series, labels
        /api/v2/...         Alertmanager's API: alerts, groups, silences, receivers, status
        /loki/api/v1/...    what Grafana's Loki data source needs, over events
        /graph.png?g0.expr=...  a picture of the last six hours
        /runbooks/          what to do about each alert that ships
        /metrics            of this collector
      """;

  /** The port of the HTTP side, also where 0 was asked for. */
  int httpPort() {
    return http.port();
  }

  /** All that the HTTP side answers but the files of the page. */
  List<Routes.Entry> routes() {
    return routes.list();
  }

  /** The port for pushed samples, also where 0 was asked for; 0 where there is none. */
  int remoteWritePort() {
    return remoteWrite == null ? 0 : remoteWrite.port();
  }

  /** The port of the RELP side, also where 0 was asked for. */
  int relpPort() {
    return relp.port();
  }

  /**
   * Reads the configuration anew: rules, routes, receivers and targets are replaced; storage and
   * addresses stay until a restart.
   *
   * @throws ConfigException if it is wrong; the old one then stays in force
   */
  synchronized void reload() {
    Faults faults = new Faults();
    CollectorConfig next = CollectorConfig.load(file, System.getenv(), faults);
    faults.warnings().forEach(warning -> log.warn("configuration: {}", warning));
    if (!next.fixed().equals(config.fixed())) {
      log.warn(
          "storage, listen, limits, silences, posted_alerts, the files of tls, web_config_file of either, external_labels, external_url and query take effect at the next start only");
    }
    config = next;
    cards.load(next.rules());
    Map<String, List<Notifier>> ways = notifiers(next);
    outbox.reload(ways);
    insist(next.routing());
    dispatcher.reload(next.routing());
    rules.load(rulesOf(next));
    nodes.configure(next.nodes());
    signIns.configure(next.web());
    scraper.configure(next.scrapes());
    remoteWrites.configure(next.remoteWrites(), next.remoteWriteBytes());
    remoteReads.configure(next.remoteReads());
    receiving.senders(next.receive().senders());
    receiving.router().routes(next.receive().routes());
    firstLook(ways);
    bots.configure(bots(next.routing()), next.texts().language());
    log.info("configuration reloaded");
  }

  private HttpAnswer reloadAnswer(HttpRequest request) {
    try {
      log.info("reload asked for by=\"{}\"", request.who().name());
      reload();
      return HttpAnswer.text(200, "reloaded\n");
    } catch (ConfigException e) {
      return HttpAnswer.text(
          500, "the old configuration stays in force:\n" + e.getMessage() + "\n");
    }
  }

  private void insist(Routing routing) {
    Map<String, Insistence> all = new HashMap<>();
    routing.receivers().forEach((name, receiver) -> all.put(name, receiver.insistence()));
    outbox.insistences(all);
    escalations.configure(all);
  }

  private static List<DiscordBotConfig> bots(Routing routing) {
    return routing.receivers().values().stream()
        .flatMap(receiver -> receiver.integrations().stream())
        .filter(DiscordBotConfig.class::isInstance)
        .map(DiscordBotConfig.class::cast)
        .distinct()
        .toList();
  }

  private Map<String, List<Notifier>> notifiers(CollectorConfig config) {
    Map<String, List<Notifier>> all = new HashMap<>();
    for (Receiver receiver : config.routing().receivers().values()) {
      List<Notifier> ways = new ArrayList<>();
      for (Integration integration : receiver.integrations()) {
        if (integration instanceof DiscordWebhookConfig webhook) {
          ways.add(new DiscordWebhook(receiver.name(), webhook, discord, cards, config.texts()));
        } else if (integration instanceof DiscordBotConfig bot) {
          ways.add(
              new DiscordBot(receiver.name(), bot, discord, Clock.system(), cards, config.texts()));
        } else if (integration instanceof WebhookConfig webhook) {
          ways.add(new Webhook(receiver.name(), webhook, config.externalUrl(), loops, lookups));
        } else if (integration instanceof TerminalConfig) {
          ways.add(
              new TerminalNotifier(
                  System.out,
                  lookups,
                  System.console() != null && System.getenv("NO_COLOR") == null,
                  cards,
                  config.texts()));
        } else {
          throw new AssertionError("BUG: no notifier for " + integration.getClass());
        }
      }
      all.put(receiver.name(), ways);
    }
    return all;
  }

  /** A webhook that does not answer is told of, and tried all the same. */
  private static void firstLook(Map<String, List<Notifier>> ways) {
    ways.values().stream()
        .flatMap(List::stream)
        .filter(DiscordWebhook.class::isInstance)
        .forEach(webhook -> ((DiscordWebhook) webhook).firstLook());
  }

  @Override
  public void close() {
    ready = false;
    closing.close();
  }
}
