package vigie.base.http;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.http.HttpMeters.Reason;
import vigie.base.net.FileStamp;
import vigie.base.net.ServerTls;
import vigie.base.time.Clock;

/**
 * Whom an HTTP server lets in, as its {@code web.config} file says. The file, certificates and keys
 * are looked at again with the next connection or request, at most once a second: a change counts
 * from then on, one that is wrong leaves the old in force, and an idle server touches no disk. Safe
 * for all threads; may read files, so not for event loops.
 */
public final class WebAccess {
  private static final Logger log = LoggerFactory.getLogger(WebAccess.class);
  private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int MOST_KEPT = 1000;
  private static final int WRONG_BURST = 10;
  private static final int WRONG_USER_BURST = 20;
  private static final Duration WRONG_EVERY = Duration.ofSeconds(5);

  private final @Nullable Path file;

  /** Of a certificate that others look after. */
  private final @Nullable Supplier<ServerTls.Context> given;

  private final Clock clock;
  private final Executor checking;
  private final HttpMeters meters;
  private final Passwords passwords = new Passwords();
  private final Map<String, TokenBucket> wrong = buckets(); // guarded by itself

  /** Of each name that somebody tried, so that many addresses together guess no faster. */
  private final Map<String, TokenBucket> wrongUsers = buckets(); // guarded by wrong

  private volatile State state;
  private volatile @Nullable Visitors visitors;
  private volatile boolean successful = true;
  private long looked; // guarded by this
  private List<Path> watched; // guarded by this
  private List<FileStamp> stamps = List.of(); // guarded by this
  private String lastFault = ""; // guarded by this

  private record State(
      WebConfig config, ServerTls.@Nullable Context tls, @Nullable TokenBucket rate) {}

  private WebAccess(
      @Nullable Path file,
      @Nullable Supplier<ServerTls.Context> given,
      State state,
      Clock clock,
      Executor checking,
      MeterRegistry meters) {
    this.file = file;
    this.given = given;
    this.watched = file == null ? List.of() : List.of(file);
    this.state = state;
    this.clock = clock;
    this.checking = checking;
    this.meters = new HttpMeters(meters);
  }

  /** Lets everybody in, by plain HTTP. */
  public static WebAccess open(Clock clock, MeterRegistry meters) {
    State open = new State(WebConfig.OPEN, null, null);
    return new WebAccess(null, null, open, clock, Runnable::run, meters);
  }

  /**
   * Lets in who passes the handshake.
   *
   * @param tls asked for each connection
   */
  public static WebAccess by(Supplier<ServerTls.Context> tls, Clock clock, MeterRegistry meters) {
    State open = new State(WebConfig.OPEN, null, null);
    return new WebAccess(null, tls, open, clock, Runnable::run, meters);
  }

  /**
   * Lets in whom the file says; everybody, by plain HTTP, where it is null.
   *
   * @param checking finds out about passwords, which takes long: one thread, and where it rejects
   *     the answer is 503
   * @throws ConfigException if the file, or one that it names, is wrong
   */
  public static WebAccess of(
      @Nullable Path file, Clock clock, Executor checking, MeterRegistry meters) {
    return of(file, "http", clock, checking, meters);
  }

  /**
   * As above, for one server among others of the same program.
   *
   * @param server its name in the metrics
   */
  public static WebAccess of(
      @Nullable Path file, String server, Clock clock, Executor checking, MeterRegistry meters) {
    if (file == null) {
      return open(clock, meters);
    }
    WebAccess access =
        new WebAccess(file, null, new State(WebConfig.OPEN, null, null), clock, checking, meters);
    access.read(file);
    Gauge.builder("vigie.web.config.last.reload.successful", access, a -> a.successful ? 1 : 0)
        .description("Whether the web configuration and its certificates were last read well.")
        .tag("server", server)
        .strongReference(true)
        .register(meters);
    Gauge.builder("vigie.web.certificate.expiry.timestamp.seconds", access, WebAccess::expiry)
        .description("When the certificate of the HTTP server ends; no value without TLS.")
        .tag("server", server)
        .strongReference(true)
        .register(meters);
    return access;
  }

  /**
   * Says all that is wrong with a file and with what it names; for checks before the start.
   *
   * @return whether everybody whom it lets in has shown a password or a certificate; true too where
   *     something is wrong
   */
  public static boolean check(Path file, Faults faults) {
    int before = faults.all().size();
    try {
      WebConfig config = WebConfig.read(file, faults);
      ServerTls tls = config.tls();
      if (tls != null && faults.all().size() == before) {
        tls.load();
      }
      return !config.users().isEmpty()
          || (tls != null && tls.requiresClients())
          || faults.all().size() > before;
    } catch (ConfigException e) {
      e.faults().forEach(faults::add);
      return true;
    }
  }

  /** Lets those in, too, whom somebody else knows. To be called before requests come. */
  public void visitors(Visitors others) {
    visitors = others;
  }

  /** Whether people must show who they are. */
  public boolean hasUsers() {
    return !state.config.users().isEmpty();
  }

  /**
   * What changes when a user's password does; {@code ""} for no user of the file, as it is now. Not
   * to be shown to anybody.
   */
  public String credential(String user) {
    return current().config.users().getOrDefault(user, "");
  }

  /** What became of a name and a password. */
  public enum Verdict {
    RIGHT,
    WRONG,
    /** Not looked at: there were too many wrong ones from there, or of this name. */
    TOO_MANY,
    /** Not looked at: too many others are. */
    BUSY
  }

  /**
   * Whether a password is the user's. Takes as long for a user that does not exist.
   *
   * @param address where it comes from
   * @param then at once, or later on the thread that checks passwords
   */
  public void check(String user, byte[] password, String address, Consumer<Verdict> then) {
    Map<String, String> users = current().config.users();
    String hash = users.get(user);
    Boolean known = passwords.known(user, hash, password);
    if (known != null) {
      then.accept(known ? Verdict.RIGHT : Verdict.WRONG);
    } else if (!mayTry(address, user)) {
      meters.refused(Reason.ATTEMPTS);
      then.accept(Verdict.TOO_MANY);
    } else {
      try {
        checking.execute(
            () -> {
              boolean right = passwords.check(user, hash, password, users.values());
              if (!right) {
                failed(address, user);
              }
              then.accept(right ? Verdict.RIGHT : Verdict.WRONG);
            });
      } catch (RejectedExecutionException full) {
        meters.refused(Reason.BUSY);
        then.accept(Verdict.BUSY);
      }
    }
  }

  /**
   * The certificate that a server with this file shows; null where it speaks plain HTTP.
   *
   * @throws ConfigException if the file, or the certificate that it names, is wrong
   */
  public static @Nullable X509Certificate certificate(Path file) {
    Faults faults = new Faults();
    ServerTls tls = WebConfig.read(file, faults).tls();
    faults.throwIfAny();
    return tls == null ? null : tls.leaf();
  }

  /** Whether {@link #tls} must be asked for each connection. */
  boolean isConfigured() {
    return file != null || given != null;
  }

  /** What a connection that begins now is to speak; null for plain HTTP. */
  ServerTls.@Nullable Context tls() {
    return given == null ? current().tls : given.get();
  }

  HttpMeters meters() {
    return meters;
  }

  /** Whether {@link #admit} may refuse, as far as is known without a look at the file. */
  boolean asks() {
    State now = state;
    return now.rate != null || !now.config.users().isEmpty();
  }

  /**
   * Decides on a request.
   *
   * @param then told null where it may pass, its user set, and else the answer; at once, or later
   *     on the thread that checks passwords
   */
  void admit(HttpRequest request, Consumer<@Nullable HttpAnswer> then) {
    State now = current();
    TokenBucket rate = now.rate;
    if (rate != null && !taken(rate)) {
      meters.refused(Reason.RATE);
      then.accept(HttpAnswer.text(429, "Too Many Requests\n"));
      return;
    }
    Visitors others = visitors;
    String visitor = others == null ? "" : others.user(request);
    if (!visitor.isEmpty()) {
      request.loggedIn(visitor);
      then.accept(null);
      return;
    }
    if (now.config.users().isEmpty()) {
      then.accept(null);
      return;
    }
    Login login = Login.read(request.header("authorization"));
    if (login == null) {
      boolean open = others != null && others.isOpenToAll(request);
      then.accept(open ? null : challenge(request));
      return;
    }
    check(
        login.user,
        login.password,
        request.peer(),
        verdict -> {
          if (verdict == Verdict.RIGHT) {
            request.loggedIn(login.user);
            then.accept(null);
          } else {
            then.accept(
                verdict == Verdict.WRONG ? challenge(request) : notNow(verdict, request.peer()));
          }
        });
  }

  /** What somebody is told whose password is not looked at. */
  public static HttpAnswer notNow(Verdict verdict, String address) {
    if (verdict == Verdict.BUSY) {
      return HttpAnswer.text(503, "too many passwords to check; try again later\n");
    }
    String text = "too many wrong passwords from " + address + "; wait a little\n";
    return HttpAnswer.text(429, text).with("retry-after", Long.toString(WRONG_EVERY.toSeconds()));
  }

  /** Headers that every answer gets. */
  Map<String, String> headers() {
    return state.config.headers();
  }

  private HttpAnswer challenge(HttpRequest request) {
    meters.refused(Reason.CREDENTIALS);
    Visitors others = visitors;
    return others == null
        ? HttpAnswer.text(401, "Unauthorized\n").with("www-authenticate", "Basic")
        : others.unknown(request);
  }

  private boolean taken(TokenBucket bucket) {
    synchronized (bucket) {
      return bucket.take(clock.nanos());
    }
  }

  private boolean mayTry(String address, String user) {
    synchronized (wrong) {
      long now = clock.nanos();
      return has(wrong.get(address), now) && has(wrongUsers.get(user), now);
    }
  }

  private static boolean has(@Nullable TokenBucket bucket, long now) {
    return bucket == null || bucket.has(now);
  }

  private void failed(String address, String user) {
    synchronized (wrong) {
      long now = clock.nanos();
      take(wrong, address, WRONG_BURST, now);
      take(wrongUsers, user, WRONG_USER_BURST, now);
    }
  }

  private static void take(Map<String, TokenBucket> buckets, String key, int burst, long now) {
    buckets.computeIfAbsent(key, k -> new TokenBucket(WRONG_EVERY, burst, now)).take(now);
  }

  private static Map<String, TokenBucket> buckets() {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, TokenBucket> eldest) {
        return size() > MOST_KEPT;
      }
    };
  }

  private double expiry() {
    ServerTls.Context tls = state.tls;
    return tls == null ? Double.NaN : tls.notAfter().getEpochSecond();
  }

  private State current() {
    if (file == null) {
      return state;
    }
    synchronized (this) {
      if (clock.nanos() - looked < LOOK_NANOS) {
        return state;
      }
      try {
        if (read(file)) {
          successful = true;
          lastFault = "";
          log.info("web configuration reloaded file={}", file);
        }
      } catch (ConfigException e) {
        successful = false;
        if (!lastFault.equals(e.getMessage())) {
          lastFault = String.valueOf(e.getMessage());
          for (String fault : e.faults()) {
            log.error("web configuration is wrong, the old one stays fault=\"{}\"", fault);
          }
        }
      }
      return state;
    }
  }

  /** Whether there was something new, which is in force then. */
  private synchronized boolean read(Path from) {
    looked = clock.nanos();
    // Taken before the content is read: what changes meanwhile will differ and be read again.
    List<FileStamp> before = watched.stream().map(FileStamp::of).toList();
    if (before.equals(stamps)) {
      return false;
    }
    stamps = before;
    Faults faults = new Faults();
    WebConfig config = WebConfig.read(from, faults);
    faults.throwIfAny();
    ServerTls tls = config.tls();
    List<Path> files = new ArrayList<>(List.of(from));
    files.addAll(tls == null ? List.of() : tls.files());
    stamps = files.stream().map(each -> FileStamp.of(each, before)).toList();
    watched = files; // also where a certificate is wrong: it may be made right
    state = new State(config, tls == null ? null : tls.load(), rate(config));
    for (String warning : faults.warnings()) {
      log.warn("web configuration is dubious warning=\"{}\"", warning);
    }
    return true;
  }

  /** The present limit where it has not changed, so that a reload refills nothing. */
  private @Nullable TokenBucket rate(WebConfig config) {
    WebConfig old = state.config;
    if (config.every().isZero()) {
      return null;
    }
    return config.every().equals(old.every()) && config.burst() == old.burst()
        ? state.rate
        : new TokenBucket(config.every(), config.burst(), clock.nanos());
  }

  /** Name and password of an Authorization header, RFC 7617. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Login(String user, byte[] password) {
    static @Nullable Login read(String header) {
      if (!header.regionMatches(true, 0, "Basic ", 0, 6)) {
        return null;
      }
      try {
        byte[] text =
            Base64.getDecoder().decode(header.substring(6).getBytes(StandardCharsets.ISO_8859_1));
        for (int i = 0; i < text.length; i++) {
          if (text[i] == ':') {
            String user = new String(text, 0, i, StandardCharsets.UTF_8);
            return new Login(user, Arrays.copyOfRange(text, i + 1, text.length));
          }
        }
      } catch (IllegalArgumentException notBase64) {
        // as if there were none
      }
      return null;
    }
  }
}
