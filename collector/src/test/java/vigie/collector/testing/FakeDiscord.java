package vigie.collector.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/**
 * Discord's webhook endpoints on loopback, as strict as the real ones: refuses what Discord
 * refuses, with its error bodies and rate-limit headers, and fails on demand. It records each
 * request, and as a violation what a well-behaved client never does, such as a request before
 * {@code retry_after} has passed. Written from Discord's API v10 documentation. Also a program, see
 * {@link #main}, and then controlled over HTTP. Safe for all threads.
 */
public final class FakeDiscord implements AutoCloseable {
  /** What may go wrong with a request. */
  public enum Kind {
    /** An HTTP status with the error code of {@link Fault#code}; nothing is stored. */
    STATUS,
    /**
     * 429 with {@link Fault#retryAfter}; requests on the same bucket before that are violations.
     */
    RATE_LIMIT,
    /** A wall before Discord: 429 in HTML, without Via and without a time. */
    CLOUDFLARE,
    /** Stored, then 502 as from a proxy that lost the answer. */
    STORED_502,
    /** No answer at all; nothing is stored. */
    HANG,
    /** Stored, no answer. */
    STORED_HANG,
    /** Stored, half of the answer, then the connection is cut. */
    CUT,
    /** The connection is cut before the first byte; nothing is stored. */
    CUT_BEFORE
  }

  /**
   * A fault for the next requests.
   *
   * @param times how many requests it spoils
   * @param method only these; empty for all
   * @param retryAfter seconds, for a rate limit
   * @param global whether the limit is for all buckets
   */
  public record Fault(
      Kind kind,
      int times,
      String method,
      int status,
      int code,
      double retryAfter,
      boolean global) {
    public static Fault of(Kind kind) {
      return new Fault(kind, 1, "", 0, 0, 0, false);
    }

    public static Fault status(int status, int code) {
      return new Fault(Kind.STATUS, 1, "", status, code, 0, false);
    }

    public static Fault rateLimit(double retryAfter) {
      return new Fault(Kind.RATE_LIMIT, 1, "", 429, 0, retryAfter, false);
    }

    public Fault times(int times) {
      return new Fault(kind, times, method, status, code, retryAfter, global);
    }

    public Fault on(String method) {
      return new Fault(kind, times, method, status, code, retryAfter, global);
    }

    public Fault everywhere() {
      return new Fault(kind, times, method, status, code, retryAfter, true);
    }
  }

  /** A request as it came. */
  public record Request(
      String method, String path, Instant at, long nanos, int status, String body) {}

  /**
   * A message as it stands.
   *
   * @param answered whether the whole answer to its creation was written to the socket
   * @param pings ids that were pinged, {@code everyone} among them
   */
  public record Message(
      String id,
      Instant createdAt,
      @Nullable Instant editedAt,
      int edits,
      boolean deleted,
      boolean answered,
      Set<String> pings,
      JsonNode body) {
    public String title() {
      return body.path("embeds").path(0).path("title").asText();
    }

    public String content() {
      return body.path("content").asText();
    }

    /** The whole message as text, for searching. */
    public String text() {
      return body.toString();
    }
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern ROUTE =
      Pattern.compile("/api(?:/v[0-9]+)?/webhooks/([^/]+)/([^/]+)(?:/messages/([^/]+))?");
  private static final long DISCORD_EPOCH = 1_420_070_400_000L;
  private static final int BUCKET_LIMIT = 5;
  private static final Duration BUCKET_WINDOW = Duration.ofSeconds(2);

  private static final List<Fault> CHAOS =
      List.of(
          Fault.rateLimit(0.4),
          Fault.rateLimit(1.7),
          Fault.rateLimit(0.8).everywhere(),
          Fault.status(500, 0),
          Fault.status(502, 0),
          Fault.status(503, 0),
          Fault.of(Kind.STORED_502),
          Fault.of(Kind.CUT),
          Fault.of(Kind.CUT_BEFORE));

  static {
    // Otherwise each answer with a body is 40 ms late.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private final Clock clock;
  private final String webhookId;
  private final String token;
  private @Nullable FakeBotRest bot;
  private final ExecutorService threads = Executors.newCachedThreadPool(FakeDiscord::daemon);
  private final Map<String, Message> messages = new LinkedHashMap<>();
  private final List<Request> requests = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();
  private final Map<String, Long> blockedUntil = new HashMap<>();
  private final Map<String, Deque<Long>> recent = new HashMap<>();
  private CountDownLatch hanging = new CountDownLatch(1);
  private @Nullable HttpServer server;
  private final int port;
  private boolean limits = true;
  private @Nullable Random chaos;
  private String bucketAsked = "";
  private boolean gone;
  private long lastId;

  /** Listens on a free port; the webhook is {@code 1234567890/TOKEN}. */
  public FakeDiscord(Clock clock, String token) throws IOException {
    this(clock, "1234567890", token, 0);
  }

  /**
   * @param port 0 for a free one
   */
  public FakeDiscord(Clock clock, String webhookId, String token, int port) throws IOException {
    this.clock = clock;
    this.webhookId = webhookId;
    this.token = token;
    HttpServer first = listen(port == 0 ? Ports.free() : port);
    this.port = first.getAddress().getPort();
    this.server = first;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "fake-discord");
    thread.setDaemon(true);
    return thread;
  }

  private HttpServer listen(int at) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), at);
    HttpServer made = HttpServer.create(address, 64);
    made.setExecutor(threads);
    made.createContext("/", this::handle);
    made.start();
    return made;
  }

  /** What an operator would configure. */
  public String webhookUrl() {
    return "http://127.0.0.1:" + port + "/api/webhooks/" + webhookId + "/" + token;
  }

  public int port() {
    return port;
  }

  /** The bot that is served. */
  public synchronized FakeBotRest bot() {
    if (bot == null) {
      throw new IllegalStateException("no bot is served");
    }
    return bot;
  }

  /** From now on a bot with this token is served, too. */
  public synchronized FakeBotRest bot(String botToken) {
    FakeBotRest made = new FakeBotRest(this, clock, botToken);
    bot = made;
    return made;
  }

  /** Spoils the next requests that fit, after the faults already planned. */
  public synchronized void fail(Fault fault) {
    faults.add(fault);
  }

  /** Spoils a third of all requests in one way or another, until {@link #heal}. */
  public synchronized void chaos(Random random) {
    chaos = random;
  }

  /** Ends all planned faults and lets those go that hang. */
  public synchronized void heal() {
    faults.clear();
    chaos = null;
    hanging.countDown();
    hanging = new CountDownLatch(1);
  }

  /** Closes the port: connections are refused until {@link #back}. */
  public synchronized void away() {
    if (server != null) {
      server.stop(0);
      server = null;
    }
  }

  public synchronized void back() {
    try {
      if (server == null) {
        server = listen(port);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on " + port + " again", e);
    }
  }

  /** Whether to keep Discord's own limit of 5 requests in 2 seconds; on at first. */
  public synchronized void limits(boolean on) {
    limits = on;
  }

  /** Deletes the webhook, or brings it back. */
  public synchronized void webhookGone(boolean isGone) {
    gone = isGone;
  }

  /** Deletes a message as a person does. */
  public synchronized void delete(String id) {
    messages.computeIfPresent(
        id,
        (key, m) ->
            new Message(m.id, m.createdAt, m.editedAt, m.edits, true, m.answered, m.pings, m.body));
  }

  /** All messages ever stored, deleted ones too, the oldest first. */
  public synchronized List<Message> messages() {
    return List.copyOf(messages.values());
  }

  public synchronized List<Request> requests() {
    return List.copyOf(requests);
  }

  /** What a well-behaved client never does. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  @Override
  public void close() {
    heal();
    away();
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    String method = exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    Answer answer;
    Fault fault;
    CountDownLatch hang;
    synchronized (this) {
      fault = nextFault(method);
      hang = hanging;
      bucketAsked = "";
      answer = withLimits(decide(exchange, method, path, body, fault));
      requests.add(
          new Request(
              method,
              path.replace(token, "TOKEN"),
              clock.now(),
              clock.nanos(),
              answer.status,
              body));
    }
    try (exchange) {
      send(exchange, answer, fault, hang);
    }
  }

  private @Nullable Fault nextFault(String method) {
    if (faults.isEmpty() && chaos != null && chaos.nextInt(3) == 0) {
      return CHAOS.get(chaos.nextInt(CHAOS.size()));
    }
    for (int i = 0; i < faults.size(); i++) {
      Fault fault = faults.get(i);
      if (fault.method.isEmpty() || fault.method.equals(method)) {
        if (fault.times <= 1) {
          faults.remove(i);
        } else {
          faults.set(i, fault.times(fault.times - 1));
        }
        return fault;
      }
    }
    return null;
  }

  private Answer decide(
      HttpExchange exchange, String method, String path, String body, @Nullable Fault fault) {
    FakeBotRest served = bot;
    FakeBotRest.Call call = served == null ? null : served.call(method, path);
    Matcher route = ROUTE.matcher(path);
    if (call == null && !route.matches()) {
      return Answer.error(404, 0, "404: Not Found");
    }
    String bucket =
        call != null ? call.bucket() : method + (route.group(3) == null ? " webhook" : " message");
    Answer blocked =
        call != null && FakeBotRest.isUnlimited(call)
            ? null
            : blocked(bucket, method + " " + path.replace(token, "TOKEN"));
    if (blocked != null) {
      return blocked;
    }
    if (fault != null && fault.kind == Kind.STATUS) {
      return Answer.error(fault.status, fault.code, "as asked for");
    }
    if (fault != null && fault.kind == Kind.RATE_LIMIT) {
      return rateLimit(fault.global ? "global" : bucket, fault.retryAfter, fault.global);
    }
    if (fault != null && fault.kind == Kind.CLOUDFLARE) {
      return new Answer(429, null, Map.of(), "<html>error 1015</html>");
    }
    if (fault != null && (fault.kind == Kind.HANG || fault.kind == Kind.CUT_BEFORE)) {
      return new Answer(0, null, Map.of(), "");
    }
    Answer answer =
        call != null && served != null
            ? served.answer(exchange, call, body)
            : route(exchange, method, route, body);
    return fault != null && fault.kind == Kind.STORED_502
        ? new Answer(502, answer.created, Map.of(), "<html>bad gateway</html>")
        : answer;
  }

  private @Nullable Answer blocked(String bucket, String what) {
    long now = clock.nanos();
    bucketAsked = bucket;
    for (String each : List.of(bucket, "global")) {
      Long until = blockedUntil.get(each);
      if (until != null && now < until) {
        violations.add(
            what + " came " + Duration.ofNanos(until - now) + " before retry_after had passed");
        return rateLimit(each, (until - now) / 1e9, each.equals("global"));
      }
    }
    if (!limits) {
      return null;
    }
    Deque<Long> times = recent.computeIfAbsent(bucket, b -> new ArrayDeque<>());
    while (!times.isEmpty() && now - times.peekFirst() >= BUCKET_WINDOW.toNanos()) {
      times.removeFirst();
    }
    if (times.size() >= BUCKET_LIMIT) {
      return rateLimit(bucket, (times.getFirst() + BUCKET_WINDOW.toNanos() - now) / 1e9, false);
    }
    times.addLast(now);
    return null;
  }

  /** What is left of the bucket, as Discord says on each answer that is no refusal. */
  private Answer withLimits(Answer answer) {
    Deque<Long> times = recent.getOrDefault(bucketAsked, new ArrayDeque<>());
    if (answer.status / 100 != 2 || times.isEmpty()) {
      return answer;
    }
    double reset = (times.getFirst() + BUCKET_WINDOW.toNanos() - clock.nanos()) / 1e9;
    Map<String, String> headers = new LinkedHashMap<>(answer.headers);
    headers.put("X-RateLimit-Limit", String.valueOf(BUCKET_LIMIT));
    headers.put("X-RateLimit-Remaining", String.valueOf(BUCKET_LIMIT - times.size()));
    headers.put("X-RateLimit-Reset-After", String.valueOf(Math.max(0, reset)));
    headers.put("X-RateLimit-Reset", String.valueOf(clock.millis() / 1e3 + reset));
    headers.put("X-RateLimit-Bucket", "b-" + bucketAsked.hashCode());
    return new Answer(answer.status, answer.created, headers, answer.body);
  }

  private Answer rateLimit(String bucket, double seconds, boolean global) {
    blockedUntil.put(bucket, clock.nanos() + (long) (seconds * 1e9));
    ObjectNode body = MAPPER.createObjectNode();
    body.put("message", "You are being rate limited.");
    body.put("retry_after", seconds);
    body.put("global", global);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Retry-After", String.valueOf((long) Math.ceil(seconds)));
    headers.put("X-RateLimit-Scope", global ? "global" : "user");
    headers.put("X-RateLimit-Limit", String.valueOf(BUCKET_LIMIT));
    headers.put("X-RateLimit-Remaining", "0");
    headers.put("X-RateLimit-Reset-After", String.valueOf(seconds));
    headers.put("X-RateLimit-Bucket", "b-" + bucket.hashCode());
    if (global) {
      headers.put("X-RateLimit-Global", "true");
    }
    headers.put("Via", "1.1 google");
    return new Answer(429, null, headers, body.toString());
  }

  private Answer route(HttpExchange exchange, String method, Matcher route, String body) {
    if (gone || !route.group(1).equals(webhookId)) {
      return Answer.error(404, 10015, "Unknown Webhook");
    }
    if (!route.group(2).equals(token)) {
      return Answer.error(401, 50027, "Invalid Webhook Token");
    }
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    String message = route.group(3);
    if (message == null) {
      return switch (method) {
        case "GET" -> Answer.of(200, webhook());
        case "POST" -> create(exchange, query.contains("wait=true"), body);
        default -> Answer.error(405, 0, "405: Method Not Allowed");
      };
    }
    Message there = messages.get(message);
    if (there == null || there.deleted) {
      return Answer.error(404, 10008, "Unknown Message");
    }
    return switch (method) {
      case "GET" -> Answer.of(200, there.body);
      case "PATCH" -> edit(exchange, there, body);
      case "DELETE" -> {
        delete(message);
        yield new Answer(204, null, Map.of(), "");
      }
      default -> Answer.error(405, 0, "405: Method Not Allowed");
    };
  }

  private ObjectNode webhook() {
    ObjectNode node = MAPPER.createObjectNode();
    return node.put("id", webhookId)
        .put("type", 1)
        .put("channel_id", "42")
        .put("guild_id", "43")
        .put("name", "Vigie")
        .put("token", token);
  }

  private Answer create(HttpExchange exchange, boolean wait, String body) {
    JsonNode sent = FakeDiscordRules.parse(exchange, body);
    Answer refused = FakeDiscordRules.refuse(sent, true);
    if (refused != null) {
      return refused;
    }
    ObjectNode author = MAPPER.createObjectNode();
    author.put("id", webhookId).put("username", "Vigie").put("bot", true);
    return store("42", author, sent, wait);
  }

  /** The next snowflake: milliseconds since 2015, then 22 bits that here count. */
  synchronized String nextId() {
    lastId = Math.max(lastId + 1, (clock.millis() - DISCORD_EPOCH) << 22);
    return String.valueOf(lastId);
  }

  /** Makes the message that was sent and checked. */
  synchronized Answer store(String channel, ObjectNode author, JsonNode sent, boolean wait) {
    ObjectNode stored = MAPPER.createObjectNode();
    stored
        .put("id", nextId())
        .put("channel_id", channel)
        .put("type", 0)
        .put("timestamp", clock.now().toString())
        .putNull("edited_timestamp");
    stored.set("author", author);
    stored.putArray("mentions");
    stored.putArray("mention_roles");
    stored.putArray("attachments");
    stored.put("flags", 0).put("pinned", false).put("tts", false).put("mention_everyone", false);
    copy(sent, stored);
    Message made =
        new Message(
            stored.path("id").asText(),
            clock.now(),
            null,
            0,
            false,
            false,
            FakeDiscordRules.pings(sent),
            stored);
    messages.put(made.id, made);
    return wait
        ? new Answer(200, made.id, normalHeaders(), stored.toString())
        : new Answer(204, made.id, normalHeaders(), "");
  }

  private Answer edit(HttpExchange exchange, Message there, String body) {
    JsonNode sent = FakeDiscordRules.parse(exchange, body);
    Answer refused = FakeDiscordRules.refuse(sent, false);
    if (refused != null) {
      return refused;
    }
    return edited(there, sent);
  }

  /** Whether the message is there and nobody has deleted it. */
  synchronized boolean isThere(String id) {
    Message there = messages.get(id);
    return there != null && !there.deleted;
  }

  /** The message as it stands. */
  synchronized Answer read(String id) {
    return new Answer(200, id, normalHeaders(), messages.get(id).body.toString());
  }

  /** Changes the message as was sent and checked. */
  synchronized Answer edit(String id, JsonNode sent) {
    return edited(messages.get(id), sent);
  }

  private Answer edited(Message there, JsonNode sent) {
    ObjectNode stored = there.body.deepCopy();
    copy(sent, stored);
    if (FakeDiscordRules.isEmpty(stored)) {
      return Answer.error(400, 50006, "Cannot send an empty message");
    }
    stored.put("edited_timestamp", clock.now().toString());
    // An edit pings nobody, but who could be pinged is worked out again.
    Set<String> pings = new TreeSet<>(there.pings);
    pings.addAll(FakeDiscordRules.pings(sent));
    messages.put(
        there.id,
        new Message(
            there.id,
            there.createdAt,
            clock.now(),
            there.edits + 1,
            false,
            there.answered,
            pings,
            stored));
    return new Answer(200, null, normalHeaders(), stored.toString());
  }

  private static void copy(JsonNode sent, ObjectNode stored) {
    for (String field : List.of("content", "embeds", "flags", "components")) {
      if (sent.has(field)) {
        stored.set(field, sent.get(field).deepCopy());
      }
    }
    stored.path("embeds").forEach(embed -> ((ObjectNode) embed).put("type", "rich"));
  }

  private Map<String, String> normalHeaders() {
    return Map.of(
        "X-RateLimit-Limit", String.valueOf(BUCKET_LIMIT),
        "X-RateLimit-Remaining", "4",
        "X-RateLimit-Reset-After", "2.000",
        "X-RateLimit-Reset", String.valueOf(clock.millis() / 1000 + 2),
        "X-RateLimit-Bucket", "b-1",
        "Via", "1.1 google");
  }

  private void send(
      HttpExchange exchange, Answer answer, @Nullable Fault fault, CountDownLatch hang)
      throws IOException {
    Kind kind = fault == null ? null : fault.kind;
    if (kind == Kind.HANG || kind == Kind.STORED_HANG) {
      try {
        hang.await(2, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return;
    }
    if (kind == Kind.CUT_BEFORE) {
      return;
    }
    byte[] body = answer.body.getBytes(UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", answer.body.startsWith("<") ? "text/html" : "application/json");
    answer.headers.forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      OutputStream out = exchange.getResponseBody();
      if (kind == Kind.CUT) {
        out.write(body, 0, body.length / 2);
        out.flush();
        return;
      }
      out.write(body);
      out.close();
    }
    if (answer.created != null && answer.status < 300) {
      wasAnswered(answer.created);
    }
  }

  private synchronized void wasAnswered(String id) {
    messages.computeIfPresent(
        id,
        (key, m) ->
            new Message(m.id, m.createdAt, m.editedAt, m.edits, m.deleted, true, m.pings, m.body));
  }

  /** An answer; status 0 for none. */
  public record Answer(
      int status, @Nullable String created, Map<String, String> headers, String body) {
    static Answer of(int status, JsonNode body) {
      return new Answer(status, null, Map.of("Via", "1.1 google"), body.toString());
    }

    static Answer error(int status, int code, String message) {
      return of(status, MAPPER.createObjectNode().put("message", message).put("code", code));
    }
  }

  /**
   * Runs as a program until it is killed: {@code FakeDiscord [PORT [CONTROL_PORT]]}. Prints {@code
   * webhook=URL control=URL} and then takes orders at the control URL (each a GET):
   *
   * <pre>
   *   /fault?kind=RATE_LIMIT&amp;retry_after=2.5&amp;times=3&amp;method=POST&amp;global=true&amp;status=500&amp;code=0
   *   /heal   /away   /back   /delete?id=ID   /webhook?gone=true   /limits?on=false
   *   /messages   /requests   /violations        (JSON)
   * </pre>
   */
  public static void main(String[] args) throws IOException {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
    int controlPort = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    FakeDiscord fake = new FakeDiscord(Clock.system(), "1234567890", "fake-token", port);
    HttpServer control =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), controlPort), 16);
    control.createContext("/", fake::control);
    control.start();
    System.out.println(
        "webhook="
            + fake.webhookUrl()
            + " control=http://127.0.0.1:"
            + control.getAddress().getPort());
  }

  private void control(HttpExchange exchange) throws IOException {
    Map<String, String> asked = new HashMap<>();
    String query = exchange.getRequestURI().getQuery();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        int equal = pair.indexOf('=');
        asked.put(pair.substring(0, Math.max(0, equal)), pair.substring(equal + 1));
      }
    }
    String answer;
    int status = 200;
    try {
      answer = obey(exchange.getRequestURI().getPath(), asked);
    } catch (RuntimeException e) {
      status = 400;
      answer = String.valueOf(e);
    }
    try (exchange) {
      byte[] body = answer.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private String obey(String path, Map<String, String> asked) {
    switch (path) {
      case "/fault" ->
          fail(
              new Fault(
                  Kind.valueOf(asked.getOrDefault("kind", "STATUS")),
                  Integer.parseInt(asked.getOrDefault("times", "1")),
                  asked.getOrDefault("method", ""),
                  Integer.parseInt(asked.getOrDefault("status", "500")),
                  Integer.parseInt(asked.getOrDefault("code", "0")),
                  Double.parseDouble(asked.getOrDefault("retry_after", "1")),
                  Boolean.parseBoolean(asked.getOrDefault("global", "false"))));
      case "/heal" -> heal();
      case "/away" -> away();
      case "/back" -> back();
      case "/delete" -> delete(asked.getOrDefault("id", ""));
      case "/webhook" -> webhookGone(Boolean.parseBoolean(asked.get("gone")));
      case "/limits" -> limits(Boolean.parseBoolean(asked.get("on")));
      case "/messages" -> {
        return json(messages());
      }
      case "/requests" -> {
        return json(requests());
      }
      case "/violations" -> {
        return json(violations());
      }
      default -> throw new IllegalArgumentException("no such order: " + path);
    }
    return "{}";
  }

  private static String json(List<?> all) {
    ArrayNode array = MAPPER.createArrayNode();
    for (Object each : all) {
      if (each instanceof Message m) {
        ObjectNode node = array.addObject();
        node.put("id", m.id).put("created_at", m.createdAt.toString()).put("edits", m.edits);
        node.put("edited_at", m.editedAt == null ? null : m.editedAt.toString());
        node.put("deleted", m.deleted).put("answered", m.answered);
        m.pings.forEach(node.putArray("pings")::add);
        node.put("title", m.title()).set("body", m.body);
      } else if (each instanceof Request r) {
        ObjectNode node = array.addObject().put("method", r.method).put("path", r.path);
        node.put("at", r.at.toString()).put("nanos", r.nanos).put("status", r.status);
        node.put("body", r.body);
      } else {
        array.add(String.valueOf(each));
      }
    }
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(array);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
