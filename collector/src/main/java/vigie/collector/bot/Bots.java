package vigie.collector.bot;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.DoubleSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.Secret;
import vigie.base.time.Scheduler;
import vigie.collector.notify.discord.DiscordBotConfig;

/**
 * The bots of all receivers: one connection for each token. Without any, nothing of JDA is loaded.
 * Safe for all threads.
 */
public final class Bots implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Bots.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private final Bot bot;
  private final ExecutorService starting;
  private final ExecutorService answering;
  private final Scheduler scheduler;
  private final DoubleSupplier random;
  private final MeterRegistry meters;
  private Map<Line, Gateway> running = new HashMap<>();

  /** What shares a connection. */
  private record Line(Secret token, String api, String gateway) {}

  /**
   * @param starting runs what waits for Discord at a start or a stop
   * @param answering does what people ask for; bounded, its queue too
   * @param random within 0 to 1, spreads waits
   */
  public Bots(
      Desk desk,
      ExecutorService starting,
      ExecutorService answering,
      Scheduler scheduler,
      DoubleSupplier random,
      MeterRegistry meters) {
    this.bot = new Bot(desk, meters);
    this.starting = starting;
    this.answering = answering;
    this.scheduler = scheduler;
    this.random = random;
    this.meters = meters;
    scheduler.every(LOOK_EVERY, LOOK_EVERY, this::endResolved);
  }

  /** Silences "until resolved" end also while no bot is connected. */
  private void endResolved() {
    try {
      answering.execute(bot::endResolved);
    } catch (RejectedExecutionException full) {
      log.debug("bot is busy, silences are looked at again soon");
    }
  }

  /**
   * Connects what is new, leaves what has not changed, ends the rest; returns at once.
   *
   * @param language of its answers, {@code en} or {@code fr}; what describes a command in Discord
   *     follows with the next connection
   */
  public synchronized void configure(Collection<DiscordBotConfig> wanted, String language) {
    if (wanted.isEmpty() && running.isEmpty()) {
      // Not even the classes below are needed.
      return;
    }
    bot.speak(Words.in(language));
    Map<Line, List<DiscordBotConfig>> byLine = new LinkedHashMap<>();
    for (DiscordBotConfig each : wanted) {
      byLine
          .computeIfAbsent(
              new Line(each.token(), each.api(), each.gateway()), line -> new ArrayList<>())
          .add(each);
    }
    Map<Line, Gateway> next = new HashMap<>();
    byLine.forEach(
        (line, places) -> {
          Gateway there = running.get(line);
          if (there == null) {
            return;
          }
          if (there.isWhere(places)) {
            next.put(line, there);
          }
          // One that ends hears on for a moment.
          there.serve(places);
        });
    running.forEach(
        (line, gateway) -> {
          if (!next.containsKey(line)) {
            if (next.values().stream().noneMatch(k -> k.guild().equals(gateway.guild()))) {
              Gateway.forget(gateway.guild(), meters);
            }
            starting.execute(gateway::close);
          }
        });
    byLine.forEach(
        (line, places) ->
            next.computeIfAbsent(
                line,
                fresh -> {
                  Gateway made =
                      new Gateway(places, bot, starting, answering, scheduler, random, meters);
                  made.start();
                  return made;
                }));
    running = next;
  }

  @Override
  public synchronized void close() {
    if (!running.isEmpty()) {
      running.values().forEach(Gateway::close);
      running = Map.of();
    }
  }
}
