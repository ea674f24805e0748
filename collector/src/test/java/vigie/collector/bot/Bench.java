package vigie.collector.bot;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import vigie.base.config.Secret;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.alert.Acknowledgements;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.event.EventPage;
import vigie.collector.event.StoredEvent;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.NodeState;
import vigie.collector.notify.discord.CardButton;
import vigie.collector.notify.discord.CardButton.Action;
import vigie.collector.notify.discord.DiscordBotConfig;
import vigie.collector.notify.discord.MentionRoles;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.silence.SilenceLimits;
import vigie.collector.silence.Silences;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.store.state.LogAcknowledgementStore;
import vigie.collector.store.state.LogSilenceStore;
import vigie.collector.store.state.StateLog;
import vigie.collector.testing.FakeBotRest;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeGateway;

/**
 * A bot before a fake Discord with its gateway, on real sockets and real time, with one alert that
 * fires and its card. Acknowledgements and silences are on a disk that can forget. What JDA logs is
 * kept.
 */
final class Bench implements AutoCloseable {
  static final String TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GSecrt.uNiQuE-tOkEn_that-must_never-appear";
  static final String OPERATOR = FakeGateway.OPERATOR_ROLE;
  private static final Path FOLDER = Path.of("/var/lib/vigie/state");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  final Clock clock = Clock.system();
  final FakeDiscord fake;
  final FakeBotRest rest;
  final FakeGateway gateway;
  final ForgetfulFiles disk = new ForgetfulFiles(7);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final List<HistoryEntry> history = new CopyOnWriteArrayList<>();
  final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  final Logger jdaLog = (Logger) LoggerFactory.getLogger("net.dv8tion.jda");
  final Logger ownLog = (Logger) LoggerFactory.getLogger("vigie.collector.bot");
  final List<Alert> alerts = new CopyOnWriteArrayList<>();
  final Acknowledgements acknowledgements;
  final Silences silences;
  final FakeDiscord.Message card;
  String token = TOKEN;
  String language = "en";
  Set<String> roles = Set.of(OPERATOR);

  /** Whether the card's incident is; the alert fires on, as of a next one. */
  volatile boolean over;

  /** Holds the token in place of {@link #token}. */
  @Nullable Path tokenFile;

  private final Level before = jdaLog.getLevel();
  private final ExecutorService starting = Executors.newFixedThreadPool(4);
  private final ExecutorService answering = Executors.newFixedThreadPool(2);
  private final ThreadScheduler scheduler;
  private final Bots bots;

  Bench() throws IOException {
    fake = new FakeDiscord(clock, "unused-webhook-token");
    fake.limits(false);
    rest = fake.bot(TOKEN);
    gateway = new FakeGateway(rest);
    logged.start();
    jdaLog.setLevel(Level.WARN);
    jdaLog.addAppender(logged);
    ownLog.addAppender(logged);
    scheduler = new ThreadScheduler(task -> daemon(task), failure -> {});
    AlertHistory noted = new Noting(history);
    StateLog log = StateLog.open(FOLDER, disk);
    acknowledgements = new Acknowledgements(new LogAcknowledgementStore(log), noted, clock, meters);
    silences =
        new Silences(
            new LogSilenceStore(log),
            SilenceLimits.DEFAULTS,
            noted,
            clock,
            scheduler,
            answering,
            meters);
    alerts.add(firing("ProbeDown", "p1"));
    card = rest.post("v1/ack/" + "inc-1");
    bots = new Bots(desk(), starting, answering, scheduler, () -> 0.5, meters);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "bench-scheduler");
    thread.setDaemon(true);
    return thread;
  }

  static Alert firing(String name, String node) {
    Instant start = Instant.ofEpochSecond(1_700_000_000);
    return new Alert(
        Labels.of("alertname", name, "node", node, "severity", "critical"),
        Labels.of("summary", "it is down"),
        AlertState.FIRING,
        start,
        start,
        null,
        start,
        0,
        "probe/" + name,
        List.of());
  }

  private Desk desk() {
    Event event =
        new Event(
            clock.now(),
            clock.now(),
            "p1",
            1,
            3,
            "vigie",
            "probe.down",
            Map.of(),
            "calculatrice is down ``` @everyone",
            new Event.Origin("spool", 1, "boot"));
    Node node =
        new Node("p1", true, true, NodeState.UP, "", clock.now(), clock.now(), null, "", "", "0.1");
    MemorySampleStore samples = new MemorySampleStore(1_000);
    return new Desk(
        () -> List.copyOf(alerts),
        (incident, message) ->
            incident.equals("inc-1") && message.equals(card.id())
                ? Optional.of(wanted())
                : Optional.empty(),
        acknowledgements,
        silences,
        new Noting(history),
        () -> List.of(node),
        query -> new EventPage(List.of(new StoredEvent("1", event)), "", "", List.of()),
        new Engine(samples, EngineOptions.defaults(), clock),
        clock);
  }

  private Notification wanted() {
    Alert first = firing("ProbeDown", "p1");
    return new Notification(
        "inc-1",
        "{}",
        "discord",
        Labels.of("alertname", "ProbeDown", "node", "p1"),
        first.labels(),
        first.annotations(),
        List.of(over ? ended(first) : first),
        over ? 0 : 1,
        over ? 1 : 0,
        first.activeAt(),
        first.activeAt());
  }

  private static Alert ended(Alert alert) {
    return new Alert(
        alert.labels(),
        alert.annotations(),
        AlertState.RESOLVED,
        alert.activeAt(),
        alert.firedAt(),
        alert.activeAt().plusSeconds(60),
        alert.activeAt().plusSeconds(60),
        alert.value(),
        alert.rule(),
        alert.events());
  }

  /** Starts to connect, or takes the roles of {@link #roles} over. */
  Bench start() {
    bots.configure(
        List.of(
            new DiscordBotConfig(
                tokenFile == null ? Secret.of(token) : Secret.inFile(tokenFile),
                FakeBotRest.GUILD,
                FakeBotRest.CHANNEL,
                MentionRoles.NONE,
                roles,
                rest.apiUrl(),
                gateway.url())),
        language);
    return this;
  }

  Bench connected() {
    start();
    await(this::isConnected);
    await(() -> rest.commands().size() == 6);
    return this;
  }

  boolean isConnected() {
    return gateway.isConnected()
        && meters.find("vigie.bot.connected").gauges().stream().anyMatch(g -> g.value() == 1);
  }

  static void await(java.util.concurrent.Callable<Boolean> what) {
    Awaitility.await().atMost(PATIENCE).until(what);
  }

  /** Presses a button of the card and waits for what it says. */
  FakeBotRest.Interaction press(Action action, String user, String... roles) {
    return answered(gateway.press(card, new CardButton(action, "inc-1").customId(), user, roles));
  }

  FakeBotRest.Interaction slash(String command, List<String> options, String... roles) {
    return answered(gateway.slash(command, options, "1001", roles));
  }

  FakeBotRest.Interaction answered(String id) {
    await(() -> !rest.interaction(id).answers().isEmpty());
    return rest.interaction(id);
  }

  /** What the bot or JDA logged at WARN or worse. */
  List<String> warnings() {
    List<String> all = new ArrayList<>();
    for (ILoggingEvent event : List.copyOf(logged.list)) {
      if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
        all.add(event.getLoggerName() + ": " + event.getFormattedMessage());
      }
    }
    return all;
  }

  /** What would be left after a power cut. */
  Acknowledgements acknowledgementsOnDisk() {
    disk.powerCut(ForgetfulFiles.Forget.ALL);
    return new Acknowledgements(
        new LogAcknowledgementStore(StateLog.open(FOLDER, disk)),
        AlertHistory.NONE,
        clock,
        new SimpleMeterRegistry());
  }

  /** A reload takes the bot out of the configuration. */
  void withoutBots() {
    bots.configure(List.of(), language);
  }

  void stopBots() {
    bots.close();
  }

  @Override
  public void close() throws IOException {
    bots.close();
    jdaLog.detachAppender(logged);
    ownLog.detachAppender(logged);
    jdaLog.setLevel(before);
    scheduler.close();
    starting.shutdownNow();
    answering.shutdownNow();
    gateway.close();
    fake.close();
  }
}
