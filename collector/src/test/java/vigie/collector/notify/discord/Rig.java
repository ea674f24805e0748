package vigie.collector.notify.discord;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import vigie.base.config.Secret;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.Severity;
import vigie.collector.card.CardSource;
import vigie.collector.card.Texts;
import vigie.collector.dispatch.Dispatcher;
import vigie.collector.dispatch.Insistence;
import vigie.collector.dispatch.Integration;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Receiver;
import vigie.collector.dispatch.Routing;
import vigie.collector.outbox.Escalations;
import vigie.collector.outbox.Notifier;
import vigie.collector.outbox.Outbox;
import vigie.collector.outbox.OutboxStore;
import vigie.collector.outbox.PendingCard;
import vigie.collector.store.state.LogOutboxStore;
import vigie.collector.store.state.StateLog;
import vigie.collector.testing.FakeBotRest;
import vigie.collector.testing.FakeDiscord;

/**
 * Dispatcher, outbox and webhook before a fake Discord, on a clock that stands still and a disk
 * that can forget. The outbox's executor runs on the test's thread.
 */
final class Rig implements AutoCloseable {
  static final String TOKEN = "tOkEn-that_must-never.appear";
  private static final Path FOLDER = Path.of("/var/lib/vigie/state");

  final ManualClock clock = new ManualClock();
  final FakeDiscord fake;
  final ForgetfulFiles disk = new ForgetfulFiles(7);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
  private final ExecutorService http = Executors.newCachedThreadPool();
  private Secret url;
  Secret botToken = Secret.of(TOKEN);
  FakeBotRest rest;
  private UnaryOperator<OutboxStore> stores = store -> store;
  private UnaryOperator<Notifier> notifiers = notifier -> notifier;

  /** What an earlier process planned does not happen. */
  private final AtomicInteger life = new AtomicInteger();

  private MentionRoles mentions = MentionRoles.NONE;
  private Insistence insistence = Insistence.NONE;
  boolean acknowledged;

  /** What cards say beside their notifications. */
  CardSource cards = CardSource.NONE;

  Outbox outbox;
  Dispatcher dispatcher;
  Escalations escalations;

  Rig() throws IOException {
    fake = new FakeDiscord(clock, TOKEN);
    url = Secret.of(fake.webhookUrl());
  }

  Rig url(Secret other) {
    url = other;
    return this;
  }

  Rig around(UnaryOperator<OutboxStore> store, UnaryOperator<Notifier> notifier) {
    stores = store;
    notifiers = notifier;
    return this;
  }

  /** A bot in place of the webhook; its critical cards ping role 9. */
  Rig bot() {
    if (rest == null) {
      rest = fake.bot(TOKEN);
      mentions = new MentionRoles(Map.of(Severity.CRITICAL, List.of("9")));
    }
    return this;
  }

  /** Pings role 777 for critical alerts, and again at these steps. */
  Rig insisting(Duration... steps) {
    mentions = new MentionRoles(Map.of(Severity.CRITICAL, List.of("777")));
    insistence =
        new Insistence(null, Duration.ofMinutes(10), Map.of(Severity.CRITICAL, List.of(steps)));
    return this;
  }

  /** Starts the collector's end, with these alerts firing. */
  Rig start(Collection<Alert> active) {
    int mine = life.get();
    Executor executor =
        task -> {
          if (life.get() == mine) {
            work.add(task);
          }
        };
    DiscordClient client = new DiscordClient(http, clock, clock);
    Integration config;
    Notifier discord;
    if (rest == null) {
      DiscordWebhookConfig webhook =
          new DiscordWebhookConfig(url, mentions, Set.of(Message.Kind.ESCALATION));
      config = webhook;
      discord = new DiscordWebhook("discord", webhook, client, cards, Texts.ENGLISH);
    } else {
      DiscordBotConfig bot =
          new DiscordBotConfig(
              botToken,
              FakeBotRest.GUILD,
              FakeBotRest.CHANNEL,
              mentions,
              Set.of("500"),
              rest.apiUrl(),
              "");
      config = bot;
      discord = new DiscordBot("discord", bot, client, clock, cards, Texts.ENGLISH);
    }
    outbox =
        new Outbox(
            stores.apply(new LogOutboxStore(StateLog.open(FOLDER, disk))),
            Map.of("discord", List.of(notifiers.apply(discord))),
            clock,
            clock,
            executor,
            meters,
            () -> 0.5);
    Receiver receiver = new Receiver("discord", List.of(config), insistence);
    outbox.insistences(Map.of("discord", insistence));
    escalations = new Escalations(outbox, incident -> acknowledged, clock);
    escalations.configure(Map.of("discord", insistence));
    Routing routing = Routing.toAll(receiver);
    dispatcher = new Dispatcher(routing, outbox, clock, clock, executor, meters);
    outbox.start();
    dispatcher.start(active);
    return this;
  }

  Rig start() {
    return start(List.of());
  }

  /** The process is killed and the machine loses its power; then all starts again. */
  Rig restart(Collection<Alert> active) {
    dead();
    return start(active);
  }

  /** Nothing of the process is left but what is on the disk. */
  void dead() {
    life.incrementAndGet();
    work.clear();
    disk.powerCut(ForgetfulFiles.Forget.ALL);
  }

  void accept(Alert... alerts) {
    dispatcher.accept(List.of(alerts));
    settle();
  }

  /** Runs what is due until no request is under way that the fake means to answer. */
  void settle() {
    try {
      while (true) {
        Runnable task = work.poll(isSending() ? 10_000 : 0, TimeUnit.MILLISECONDS);
        if (task == null && isSending()) {
          throw new AssertionError("a request is still under way after 10 s");
        }
        if (task == null) {
          return;
        }
        task.run();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Starts what is due without waiting for answers. */
  void kick() {
    for (Runnable task = work.poll(); task != null; task = work.poll()) {
      task.run();
    }
  }

  private boolean isSending() {
    return outbox.pending().stream().anyMatch(c -> c.state() == PendingCard.State.SENDING);
  }

  /** Lets time pass in small steps, answering what is asked meanwhile. */
  void pass(Duration time) {
    Duration step = Duration.ofMillis(250);
    for (Duration left = time; left.compareTo(Duration.ZERO) > 0; left = left.minus(step)) {
      clock.advance(left.compareTo(step) < 0 ? left : step);
      escalations.look();
      settle();
    }
  }

  /** Lets a minute or many pass in steps of seconds. */
  void passLong(Duration time) {
    for (long second = 0; second < time.toSeconds(); second += 5) {
      clock.advance(Duration.ofSeconds(5));
      escalations.look();
      settle();
    }
  }

  List<FakeDiscord.Request> requests(String method) {
    return fake.requests().stream().filter(r -> r.method().equals(method)).toList();
  }

  FakeDiscord.Message onlyMessage() {
    List<FakeDiscord.Message> all = fake.messages();
    if (all.size() != 1) {
      throw new AssertionError("expected one message: " + all);
    }
    return all.get(0);
  }

  PendingCard onlyPending() {
    List<PendingCard> all = outbox.pending();
    if (all.size() != 1) {
      throw new AssertionError("expected one pending card: " + all);
    }
    return all.get(0);
  }

  @Override
  public void close() {
    fake.close();
    http.shutdownNow();
  }
}
