package vigie.collector.bot;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.DoubleSupplier;
import net.dv8tion.jda.api.JDA;
import net.dv8tion.jda.api.JDABuilder;
import net.dv8tion.jda.api.entities.Message.MentionType;
import net.dv8tion.jda.api.exceptions.InvalidTokenException;
import net.dv8tion.jda.api.requests.GatewayIntent;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.utils.Compression;
import net.dv8tion.jda.api.utils.cache.CacheFlag;
import net.dv8tion.jda.api.utils.messages.MessageRequest;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Scheduler;
import vigie.collector.notify.discord.DiscordBotConfig;

/**
 * One bot's connection, by JDA. It only listens and answers; cards go their own way, so that
 * nothing of the monitoring waits for it. Started off the caller's thread, again and again until it
 * goes well; a token that Discord refuses is tried again only when its file holds another one. Safe
 * for all threads; state is guarded by this object's lock.
 */
final class Gateway implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Gateway.class);
  private static final Duration FIRST_WAIT = Duration.ofSeconds(2);
  private static final int MOST_DOUBLINGS = 7;
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);
  private static final Duration STOP = Duration.ofSeconds(5);
  private static final int LONGEST_RECONNECT_SECONDS = 60;
  private static final String CONNECTED = "vigie.bot.connected";

  private enum State {
    /** Not there, and trying. */
    DOWN,
    UP,
    /** Discord refuses the token. */
    REFUSED,
    CLOSED
  }

  private volatile List<DiscordBotConfig> places;
  private final Bot bot;
  private final ExecutorService starting;
  private final ExecutorService answering;
  private final Scheduler scheduler;
  private final DoubleSupplier random;
  private final CalmSessions sessions;
  private final Scheduler.Task looking;
  private @Nullable JDA jda;
  private @Nullable String refusedToken;

  /** The one that JDA has; its file may hold another by now. */
  private String usedToken = "";

  private State state = State.DOWN;
  private boolean told;
  private int attempts;

  /**
   * @param places what it serves, all with one token; at least one
   * @param starting its own thread: the start of JDA blocks for as long as Discord limits it
   * @param answering does what people ask for; bounded
   */
  Gateway(
      List<DiscordBotConfig> places,
      Bot bot,
      ExecutorService starting,
      ExecutorService answering,
      Scheduler scheduler,
      DoubleSupplier random,
      MeterRegistry meters) {
    this.places = List.copyOf(places);
    this.bot = bot;
    this.starting = starting;
    this.answering = answering;
    this.scheduler = scheduler;
    this.random = random;
    this.sessions = new CalmSessions(places.get(0).gateway(), random, this::down);
    this.looking = scheduler.every(LOOK_AGAIN, LOOK_AGAIN, this::lookAtToken);
    // A new one takes the place of the one before a reload.
    forget(guild(), meters);
    Gauge.builder(CONNECTED, this, Gateway::connected)
        .description("Whether the bot hears buttons and commands")
        .tag("guild", places.get(0).guild())
        .register(meters);
  }

  /** A bot that is gone from the configuration is not one that is down. */
  static void forget(String guild, MeterRegistry meters) {
    meters.find(CONNECTED).tag("guild", guild).meters().forEach(meters::remove);
  }

  private synchronized double connected() {
    return state == State.UP ? 1 : 0;
  }

  /** The one that its meter has. */
  String guild() {
    return places.get(0).guild();
  }

  Collection<DiscordBotConfig> places() {
    return places;
  }

  /**
   * Takes other roles over, at once and for every click from now on.
   *
   * @param next at least one, with the same token
   */
  void serve(List<DiscordBotConfig> next) {
    places = List.copyOf(next);
  }

  /** Whether these are the same channels, with whatever roles. */
  boolean isWhere(List<DiscordBotConfig> others) {
    return where(places).equals(where(others));
  }

  private static List<List<String>> where(List<DiscordBotConfig> places) {
    return places.stream().map(place -> List.of(place.guild(), place.channel())).toList();
  }

  Bot bot() {
    return bot;
  }

  ExecutorService answering() {
    return answering;
  }

  /** Begins to try. */
  void start() {
    try {
      starting.execute(this::attempt);
    } catch (RejectedExecutionException stopped) {
      log.debug("bot stopped while its start was planned");
    }
  }

  /** Makes one attempt; blocks while JDA asks Discord who it is. */
  private void attempt() {
    synchronized (this) {
      if (state != State.DOWN || jda != null) {
        return;
      }
    }
    String token;
    try {
      token = DiscordBotConfig.token(places.get(0).token());
    } catch (IllegalArgumentException | UncheckedIOException unusable) {
      again(String.valueOf(unusable.getMessage()));
      return;
    }
    synchronized (this) {
      usedToken = token;
    }
    try {
      JDA made = build(token);
      boolean late;
      synchronized (this) {
        late = state == State.CLOSED || state == State.REFUSED;
        jda = late ? null : made;
      }
      if (late) {
        stop(made, false);
      }
    } catch (InvalidTokenException refused) {
      refused(token);
    } catch (RuntimeException failed) {
      // Only the kind: messages quote what is secret.
      again("JDA does not start: " + failed.getClass().getSimpleName());
    }
  }

  private JDA build(String token) {
    MessageRequest.setDefaultMentions(EnumSet.noneOf(MentionType.class));
    MessageRequest.setDefaultMentionRepliedUser(false);
    return JDABuilder.createLight(token, EnumSet.noneOf(GatewayIntent.class))
        .enableCache(CacheFlag.MEMBER_OVERRIDES)
        .setRestConfig(new RestConfig().setBaseUrl(places.get(0).api() + "/"))
        .setSessionController(sessions)
        .setCompression(Compression.NONE)
        .setEnableShutdownHook(false)
        .setMaxReconnectDelay(LONGEST_RECONNECT_SECONDS)
        .setCallbackPool(starting, false)
        .addEventListeners(new GatewayListener(this))
        .build();
  }

  private synchronized void again(String reason) {
    if (state != State.DOWN) {
      return;
    }
    down(reason);
    Duration grown = FIRST_WAIT.multipliedBy(1L << Math.min(MOST_DOUBLINGS, attempts++));
    long spread = (long) (grown.toNanos() * (1 + 0.25 * random.getAsDouble()));
    scheduler.after(Duration.ofNanos(spread), this::start);
  }

  /** Buttons and commands are not heard; told once. */
  synchronized void down(String reason) {
    if (state == State.UP) {
      state = State.DOWN;
    }
    if (state == State.DOWN && !told) {
      told = true;
      log.warn(
          "bot is not connected: cards go out, buttons and commands are not heard guild={} cause={}",
          places.get(0).guild(),
          reason);
    }
  }

  synchronized void up() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.UP;
    told = false;
    attempts = 0;
    log.info("bot is connected guild={}", places.get(0).guild());
  }

  private synchronized void refused(String token) {
    if (state == State.CLOSED) {
      return;
    }
    state = State.REFUSED;
    refusedToken = token;
    jda = null;
    log.error(
        "Discord refuses the bot's token, nothing is tried until token_file holds another one"
            + " (Developer Portal, Bot, Reset Token) guild={}",
        places.get(0).guild());
  }

  /** The gateway has closed for good: a wrong token, or something that only a person can mend. */
  synchronized void ended(int code) {
    if (state == State.CLOSED || state == State.REFUSED) {
      return;
    }
    log.error(
        "bot was shut out by Discord's gateway guild={} code={}", places.get(0).guild(), code);
    JDA over = jda;
    refused(usedToken);
    if (over != null) {
      starting.execute(() -> stop(over, false));
    }
    // Who resets a token may have put the next one into the file before Discord closes.
    lookAtToken();
  }

  private void lookAtToken() {
    synchronized (this) {
      if (state != State.REFUSED) {
        return;
      }
      try {
        if (DiscordBotConfig.token(places.get(0).token()).equals(refusedToken)) {
          return;
        }
      } catch (IllegalArgumentException | UncheckedIOException unusable) {
        return;
      }
      state = State.DOWN;
      refusedToken = null;
    }
    start();
  }

  @Override
  public void close() {
    JDA running;
    boolean talking;
    synchronized (this) {
      talking = state == State.UP;
      state = State.CLOSED;
      running = jda;
      jda = null;
    }
    looking.cancel();
    sessions.stop();
    if (running != null) {
      stop(running, talking);
    }
  }

  /**
   * Ends all of JDA's threads.
   *
   * @param talking whether answers may be under way, which are let out for a while
   */
  private static void stop(JDA jda, boolean talking) {
    if (talking) {
      jda.shutdown();
    } else {
      jda.shutdownNow();
    }
    try {
      if (talking && !jda.awaitShutdown(STOP)) {
        jda.shutdownNow();
      }
    } catch (InterruptedException e) {
      jda.shutdownNow();
      Thread.currentThread().interrupt();
    }
    OkHttpClient http = jda.getHttpClient();
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
